import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, launchProcess, waitFor, type LaunchedProcess } from '@rackwright/testing';

/** An nginx with one worker that serves a folder, and one file of it for every path below `/boot/`. */
export class Nginx implements AsyncDisposable {
  readonly url: string;
  readonly #process: LaunchedProcess;
  readonly #folder: string;

  private constructor(url: string, process: LaunchedProcess, folder: string) {
    this.url = url;
    this.#process = process;
    this.#folder = folder;
  }

  /** `bootFile` is a name in `root`. */
  static async launch(root: string, bootFile: string): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), 'rw-nginx-'));
    await mkdir(join(folder, 'temporary'));
    const port = await freePort();
    await writeFile(join(folder, 'nginx.conf'), configuration({ folder, port, root, bootFile }));
    const process = await launchProcess({
      command: '/usr/sbin/nginx',
      args: ['-p', folder, '-c', join(folder, 'nginx.conf')],
      installHint: 'apt-get install nginx-light',
    });
    const url = `http://127.0.0.1:${String(port)}`;
    const answers = async (): Promise<boolean> => {
      if (process.hasExited()) throw new Error(process.output());
      return (await fetch(`${url}/boot/x`, { method: 'HEAD' })).ok;
    };
    await waitFor(
      async () => answers().catch((error: unknown) => (process.hasExited() ? Promise.reject(asError(error)) : false)),
      {
        what: 'nginx',
      },
    );
    return new Nginx(url, process, folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

interface Configuration {
  readonly folder: string;
  readonly port: number;
  readonly root: string;
  readonly bootFile: string;
}

/** What Debian's own configuration sets for static files, without a log. */
function configuration({ folder, port, root, bootFile }: Configuration): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/temporary/${name};`)
    .join('\n  ');
  return `daemon off;
user root;
worker_processes 1;
pid ${folder}/pid;
error_log stderr;
events { worker_connections 1024; }
http {
  ${temporary}
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000000;
  server {
    listen 127.0.0.1:${String(port)};
    root ${root};
    location /boot/ { rewrite ^ /${bootFile} break; }
  }
}
`;
}
