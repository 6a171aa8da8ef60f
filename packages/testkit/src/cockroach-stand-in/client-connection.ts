import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setupProbe, setUpDatabase } from './database-setup.js';
import { Replies } from './replies.js';
import { Requests } from './requests.js';
import { newSession } from './session.js';
import { upstreamParameters } from './startup-parameters.js';
import type { StandInServices, Surroundings } from './surroundings.js';
import { Conversation } from './wire/conversation.js';
import { errorMessage } from './wire/messages.js';
import type { ServerError } from './wire/messages.js';
import { Outbox } from './wire/outbox.js';
import { readOpening, startupPacket } from './wire/startup.js';
import type { Opening } from './wire/startup.js';

/** One client of the stand-in, from its first byte to its last. */
export class ClientConnection {
  readonly #services: StandInServices;
  readonly #client: Socket;
  readonly #number: number;
  #upstream: Socket | undefined;

  constructor(services: StandInServices, client: Socket, number: number) {
    this.#services = services;
    this.#client = client;
    this.#number = number;
    client.setNoDelay(true);
    client.on('error', () => {
      this.destroy();
    });
  }

  /** Resolves when the connection is over, for whatever reason: a broken connection is not an error here. */
  async serve(): Promise<void> {
    try {
      const opening = await readOpening(this.#client);
      if (opening.kind === 'cancel') await this.#forwardCancel(opening.packet);
      if (opening.kind === 'startup') await this.#startSession(opening);
    } catch (error) {
      this.#refuse({ sqlstate: '08006', message: `CockroachDB stand-in: ${String(error)}` });
    } finally {
      this.destroy();
    }
  }

  destroy(): void {
    this.#client.destroy();
    this.#upstream?.destroy();
  }

  async #forwardCancel(packet: Buffer): Promise<void> {
    const upstream = await this.#connect();
    upstream.end(packet);
    // PostgreSQL closes the connection once it has passed the signal on; only then may the client take it for done.
    upstream.resume();
    if (!upstream.closed) await once(upstream, 'close');
  }

  async #startSession(opening: Extract<Opening, { kind: 'startup' }>): Promise<void> {
    const { parameters, protocol } = opening;
    if (/^(?:on|true|yes|1|database)$/i.test(parameters.get('replication') ?? '')) {
      this.#refuse({
        sqlstate: '0A000',
        message: 'unimplemented: replication connections are not supported',
      });
      return;
    }
    const upstream = await this.#connect();
    const conversation = new Conversation(new Outbox(upstream), new Outbox(this.#client));
    conversation.exchanges.begin({ visibility: 'all', holdReady: false });
    conversation.toServer.push(
      startupPacket(protocol, upstreamParameters(parameters, this.#services.version)),
    );
    await conversation.toServer.flush();
    const database = parameters.get('database') ?? parameters.get('user') ?? '';
    const session = newSession(this.#number, database);
    await this.#pump(upstream, {
      ...this.#services,
      session,
      conversation,
      breakConnection: () => this.destroy(),
    });
  }

  async #connect(): Promise<Socket> {
    const upstream = this.#services.server.connect();
    this.#upstream = upstream;
    await once(upstream, 'connect');
    upstream.on('error', () => this.destroy());
    return upstream;
  }

  /** Both directions at once, until either side hangs up. */
  async #pump(upstream: Socket, around: Surroundings): Promise<void> {
    const replies = new Replies(around);
    const answering = this.#forward(upstream, (chunk) => replies.take(chunk)).finally(() => {
      around.conversation.exchanges.abandon();
      // What was written to the client before is still delivered.
      this.#client.end();
    });
    const asking = this.#ask(around).finally(() => {
      upstream.end();
    });
    await Promise.allSettled([answering, asking]);
  }

  async #ask(around: Surroundings): Promise<void> {
    const requests = new Requests(around);
    let ready = false;
    await this.#forward(this.#client, async (chunk) => {
      // The first messages may be passwords; when they are through, the first statement waits for the setup.
      if (!ready && chunk[0] !== 0x70) {
        ready = true;
        await this.#setUp(around);
      }
      await requests.take(chunk);
    });
  }

  async #setUp(around: Surroundings): Promise<void> {
    const { conversation, session, server } = around;
    const probe = await conversation.ask(setupProbe, server, session.database);
    if (probe?.[0]?.[0] === null) await setUpDatabase(server, session.database);
  }

  async #forward(from: Socket, take: (chunk: Buffer) => Promise<void>): Promise<void> {
    try {
      // Not destroyed on the way out: the client is still to hear why.
      for await (const chunk of from.iterator({ destroyOnReturn: false })) await take(chunk as Buffer);
    } catch (error) {
      const broken = from.destroyed || this.#client.destroyed;
      if (!broken) this.#refuse({ sqlstate: '58000', message: `CockroachDB stand-in: ${String(error)}` });
      this.#upstream?.destroy();
    }
  }

  #refuse(error: ServerError): void {
    if (!this.#client.destroyed) this.#client.end(errorMessage(error, 'FATAL'));
  }
}
