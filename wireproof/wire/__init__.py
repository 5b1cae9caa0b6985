"""Sans-I/O codecs. They do no input or output, and they can speak wrongly on purpose."""
