import assert from "node:assert/strict";
import http from "node:http";
import net, { type AddressInfo, type Server } from "node:net";
import { after, beforeEach, test } from "node:test";
import { send } from "../../src/hub/connect";
import { useHub } from "./server";

const servers: Server[] = [];
after(() => {
	for (const server of servers) server.close();
});
beforeEach(() => useHub({ endpoint: "" }, ""));

async function listen<T extends Server>(server: T): Promise<number> {
	servers.push(server);
	await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
	return (server.address() as AddressInfo).port;
}

const get = (url: string) =>
	send({ method: "GET", url: new URL(url), headers: { x: "y" } });

test("a plain request goes through HTTP_PROXY as a whole address, with the proxy's login", async () => {
	const seen: http.IncomingMessage[] = [];
	const port = await listen(
		http.createServer((request, response) => {
			seen.push(request);
			response.end();
		}),
	);
	process.env.HTTP_PROXY = `http://me:p%40ss@127.0.0.1:${port}`;
	(await get("http://hub.example:81/a?b")).destroy();
	const [{ url, headers }] = seen;
	assert.equal(url, "http://hub.example:81/a?b");
	assert.equal(headers.host, "hub.example:81");
	assert.equal(headers.x, "y");
	assert.equal(headers["proxy-authorization"], `Basic ${btoa("me:p@ss")}`);
});

test("hosts in NO_PROXY are asked directly", async () => {
	const port = await listen(http.createServer((_, response) => response.end()));
	process.env.HTTP_PROXY = "http://127.0.0.1:1";
	for (const list of ["127.0.0.1", "x, .0.0.1", "*", `127.0.0.1:${port}`]) {
		process.env.NO_PROXY = list;
		(await get(`http://127.0.0.1:${port}/`)).destroy();
	}
	for (const list of ["", "0.0.1x", "127.0.0.1:1"]) {
		process.env.NO_PROXY = list;
		await assert.rejects(get(`http://127.0.0.1:${port}/`), /cannot be reached/);
	}
});

test("a TLS connection goes through a tunnel of HTTPS_PROXY, to the host that was asked for", async () => {
	const hello: Buffer[] = [];
	const port = await listen(
		net.createServer((socket) =>
			socket.once("data", (bytes) => {
				hello.push(bytes);
				socket.destroy();
			}),
		),
	);
	const asked: string[] = [];
	const proxy = http.createServer();
	proxy.on("connect", (request, socket) => {
		asked.push(request.url ?? "");
		const on = net.connect(port, "127.0.0.1", () => {
			socket.write("HTTP/1.1 200 OK\r\n\r\n");
			socket.pipe(on).pipe(socket);
		});
		for (const end of [on, socket]) end.on("error", () => socket.destroy());
	});
	process.env.HTTPS_PROXY = `127.0.0.1:${await listen(proxy)}`;
	await assert.rejects(get("https://hub.example/x"));
	const bytes = Buffer.concat(hello);
	assert.equal(bytes[0], 0x16); // a TLS handshake
	assert.ok(bytes.includes("hub.example"));
	assert.deepEqual(asked, ["hub.example:443"]);
});

test("a proxy that refuses is named", async () => {
	const proxy = http.createServer();
	proxy.on("connect", (_, socket) => {
		socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
	});
	process.env.HTTPS_PROXY = `http://127.0.0.1:${await listen(proxy)}`;
	await assert.rejects(
		get("https://hub.example/x"),
		/The proxy 127\.0\.0\.1:\d+ does not connect to hub\.example:443 \(status 403\): check HTTPS_PROXY/,
	);
	process.env.HTTPS_PROXY = "socks5://127.0.0.1";
	await assert.rejects(
		get("https://hub.example/x"),
		/names a proxy that is not an http address/,
	);
});
