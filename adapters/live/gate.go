package live

import (
	"time"

	"stockproof/adapters/memory"
)

// Gate lets ordinary goroutines in to servers in memory, on the wall clock. Servers that wait for each other share one.
func Gate() *memory.Plain {
	return memory.NewPlain(time.Now, func(d time.Duration, fn func()) func() bool { return time.AfterFunc(d, fn).Stop })
}
