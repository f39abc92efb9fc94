/** What the system is doing on its own, for whoever looks at the page and waits. */
export class Activity {
  private text: string | undefined;
  private readonly listeners = new Set<(text: string | undefined) => void>();

  /** A sentence; undefined where it only waits. */
  get current(): string | undefined {
    return this.text;
  }

  show(text: string | undefined): void {
    this.text = text;
    for (const listener of this.listeners) listener(text);
  }

  /** @returns ends it */
  subscribe(listener: (text: string | undefined) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
