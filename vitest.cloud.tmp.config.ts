import { defineConfig } from 'vitest/config';
export default defineConfig({ test: { include: ['test/functions/**/*.cloud.test.ts'], globalSetup: ['/tmp/gs.ts'], testTimeout: 30000 } });
