/** A fake Discord on a loopback port of its own, for tests that need no page. */
import { createServer } from 'node:http';
import { listen } from '../process/listen.ts';
import { createFakeDiscord, type FakeDiscord, type FakeDiscordOptions } from './fake-discord.ts';
import { sendResponse, toRequest } from './http-bridge.ts';

export interface ServedDiscord {
  readonly discord: FakeDiscord;
  /** `http://127.0.0.1:PORT`: `${origin}/api` is the DISCORD_API_BASE, its host the CDN's. */
  readonly origin: string;
  close(): Promise<void>;
}

/** @param options.port 0, any free one, where not set */
export async function serveFakeDiscord(
  options: Omit<FakeDiscordOptions, 'origin'> & { readonly port?: number },
): Promise<ServedDiscord> {
  let origin = '';
  const discord = createFakeDiscord({ ...options, origin: () => origin });
  const server = createServer((incoming, outgoing) => {
    const request = toRequest(incoming, origin);
    const response = request ? discord.handle(request) : Promise.resolve(null);
    void response
      .then((found) => sendResponse(outgoing, found ?? new Response('Not found', { status: 404 })))
      .catch((error: unknown) => outgoing.destroy(error instanceof Error ? error : new Error(String(error))));
  });
  origin = (await listen(server, options)).url;
  return {
    discord,
    origin,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await discord.close();
    },
  };
}
