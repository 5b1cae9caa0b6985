// `ws` on Node with small limits, all of them known. Read by a test, and run in the folder of the packages.

import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const server = createServer({ headersTimeout: 1000, requestTimeout: 1000, connectionsCheckingInterval: 50 });
const sockets = new WebSocketServer({
  server,
  perMessageDeflate: true,
  maxPayload: 3_000_000,
  maxFragments: 1000,
  closeTimeout: 1000,
});

sockets.on('connection', (socket, request) => {
  socket.on('error', () => {});
  socket.on('message', (data, binary) => {
    if (request.url.startsWith('/close')) socket.close(1000);
    else socket.send(data, { binary });
  });
});

server.listen(0, '127.0.0.1', () => console.log(`listening on ws://127.0.0.1:${server.address().port}`));
