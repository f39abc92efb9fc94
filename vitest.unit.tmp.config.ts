import { defineConfig } from 'vitest/config';
export default defineConfig({ test: { include: ['test/functions/**/*.test.ts','test/local/settings.test.ts'] } });
