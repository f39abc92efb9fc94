/** Custom ids of our modals: `v1:` so that a modal opened before a deploy still finds its way after it. */
export const MODAL = { run: 'v1:run', upload: 'v1:upload' } as const;
