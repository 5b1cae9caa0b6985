"""Raw connections that cases drive: asyncio shells around the codecs, with expectations and a transcript."""
