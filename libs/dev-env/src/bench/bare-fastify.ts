/** The floor: Fastify that says what the edge's /healthz says, and nothing else. Ends with its parent. */
import { fastify } from 'fastify';

const server = fastify();
server.get('/healthz', async () => ({ status: 'ok', service: 'gateway' }));
const url = await server.listen({ port: 0, host: '127.0.0.1' });
process.send?.(Number(new URL(url).port));
process.on('disconnect', () => process.exit(0));
