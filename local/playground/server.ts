/**
 * The playground: one loopback HTTP server with the page, the fake Discord behind it, and the endpoint
 * that Discord would call. It never passes a request on to anything but the HTTP API.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { FakeDiscord } from '../discord/fake-discord.ts';
import { sendResponse, toRequest } from '../discord/http-bridge.ts';
import { listen } from '../process/listen.ts';
import type { Activity } from './activity.ts';
import { refusalOf } from './guard.ts';
import { forwardInteraction } from './interactions-proxy.ts';
import { createPageApi } from './page-api.ts';
import { servePageFile } from './page-files.ts';
import type { Health } from './page-protocol.ts';

export interface PlaygroundOptions {
  /** 0 for any free port. */
  readonly port: number;
  readonly discord: FakeDiscord;
  /** The HTTP API that `POST /interactions` is handed to; null while it is not deployed yet. */
  readonly interactionsUrl: () => string | null;
  readonly health: () => Health;
  /** Sentences that the page shows at its top, for instance that another signer is configured. */
  readonly notices?: readonly string[];
  /** What the page says is being done meanwhile. */
  readonly activity?: Activity;
  /** Why the page cannot send commands, where it cannot. */
  readonly sendingDisabled?: string;
  /** Told of failures of our own; the console where not set. */
  readonly log?: (message: string, error: unknown) => void;
}

export interface Playground {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly port: number;
  close(): Promise<void>;
}

/** @throws where the port is taken, with the system's `EADDRINUSE` as code */
export async function startPlayground(options: PlaygroundOptions): Promise<Playground> {
  const { log = console.error } = options;
  let origin = '';
  const respond = createRoutes(options);
  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const answer = async (): Promise<void> => {
      const request = toRequest(incoming, origin);
      const refused = Response.json({ message: 'This request cannot be read.' }, { status: 400 });
      await sendResponse(outgoing, request ? await respond(request) : refused);
    };
    answer().catch((error: unknown) => {
      log(`The playground could not answer ${incoming.method} ${incoming.url?.split('?')[0]}`, error);
      if (outgoing.headersSent) outgoing.destroy();
      else
        outgoing
          .writeHead(500, { 'content-type': 'application/json' })
          .end('{"message":"Something went wrong."}');
    });
  });
  const { port, url } = await listen(server, { port: options.port });
  origin = url;
  return {
    origin,
    port,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function createRoutes(options: PlaygroundOptions): (request: Request) => Promise<Response> {
  const { discord, health, notices = [], sendingDisabled = null, activity, interactionsUrl } = options;
  const pageApi = createPageApi({ discord, health, notices, sendingDisabled, ...(activity && { activity }) });
  return async (request) => {
    const { pathname } = new URL(request.url);
    switch (pathname) {
      case '/healthz':
        return healthz(health());
      case '/commands.json':
        return Response.json(discord.commands);
      case '/interactions':
        return forwardInteraction(request, interactionsUrl());
      default: {
        const fromDiscord = await discord.handle(request);
        if (fromDiscord) return fromDiscord;
        const refusal = refusalOf(request);
        if (refusal) return Response.json({ message: refusal }, { status: 403 });
        const fromPage = (await pageApi(request)) ?? (await servePageFile(request));
        return fromPage ?? Response.json({ message: 'There is nothing here.' }, { status: 404 });
      }
    }
  };
}

function healthz({ ready, detail }: Health): Response {
  return Response.json({ status: ready ? 'ok' : 'starting', detail }, { status: ready ? 200 : 503 });
}
