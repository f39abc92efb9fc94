/** A server on a port of 127.0.0.1 that is the same from start to start. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { chooseStablePort, rememberPort } from '../process/stable-port.ts';

const HOST = '127.0.0.1';

/** @param memory file that remembers the port */
export async function listen(
  memory: string,
  handler: RequestListener,
): Promise<{ readonly server: Server; readonly url: string }> {
  const server = createServer(handler);
  // An SDK keeps its connections; closing one under it would fail its next call.
  server.keepAliveTimeout = 0;
  const port = await chooseStablePort(memory);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
  await rememberPort(memory, port);
  return { server, url: `http://${HOST}:${port}` };
}
