package main

import (
	"io"
	"sync"
)

// output is stdout, and remembers what could not be written to it: a verdict that nobody got is none.
type output struct {
	w io.Writer

	mu  sync.Mutex
	err error // the first
}

// Write implements [io.Writer]. Behind the first error nothing is written any more.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	n, err := o.w.Write(p)
	o.err = err
	return n, err
}

// failed is the first error.
func (o *output) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
