package main

import (
	"fmt"
	"io"
	"os"
)

// historyFlag explains --history.
const historyFlag = "`file` for the history as JSON lines, written while it happens; sim check judges it"

// historyFile is where a run leaves its history; nil: nobody asked for one.
type historyFile struct{ f *os.File }

// createHistory makes the file before the run begins: a name that cannot be written costs no run.
func createHistory(path string) (*historyFile, error) {
	if path == "" {
		return nil, nil
	}
	f, err := os.Create(path)
	if err != nil {
		return nil, usage{fmt.Errorf("--history: %w", err)}
	}
	return &historyFile{f}, nil
}

func (h *historyFile) writer() io.Writer {
	if h == nil {
		return nil
	}
	return h.f
}

func (h *historyFile) close() error {
	if h == nil {
		return nil
	}
	return h.f.Close()
}
