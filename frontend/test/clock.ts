// A clock that is turned by hand.

export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

export class Clock {
    now = 0; // ms
    timers: { due: number; call: () => void }[] = [];

    /** Calls back after so many milliseconds; returns how to call it off. */
    later(milliseconds: number, call: () => void): () => void {
        const timer = { due: this.now + milliseconds, call };
        this.timers.push(timer);
        return () => (this.timers = this.timers.filter((other) => other !== timer));
    }

    async pass(milliseconds: number): Promise<void> {
        const end = this.now + milliseconds;
        for (;;) {
            const due = this.timers.filter((timer) => timer.due <= end).sort((a, b) => a.due - b.due)[0];
            if (!due) break;
            this.timers = this.timers.filter((timer) => timer !== due);
            this.now = due.due;
            due.call();
            await settle();
        }
        this.now = end;
    }
}
