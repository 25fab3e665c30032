package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"stockproof/sim"
)

// meter shows progress on a terminal: one line that updates. In a pipe it is quiet.
type meter struct {
	w        io.Writer
	terminal bool

	mu    sync.Mutex
	began time.Time
	last  time.Time
	note  string
	drawn bool
}

func newMeter(w io.Writer) *meter {
	m := &meter{w: w, began: time.Now()}
	if f, ok := w.(*os.File); ok {
		if info, err := f.Stat(); err == nil {
			m.terminal = info.Mode()&os.ModeCharDevice != 0
		}
	}
	return m
}

func (m *meter) show(p sim.Progress) {
	if !m.terminal {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if p.Note != "" {
		m.note = "  " + p.Note
	}
	now := time.Now()
	if p.Orders < 0 || now.Sub(m.last) < 100*time.Millisecond {
		return
	}
	m.last, m.drawn = now, true
	rate := float64(p.Orders) / now.Sub(m.began).Seconds()
	fmt.Fprintf(m.w, "\r\x1b[K  %s/%s orders  %s/s  duplicates %s%s", thousands(int64(p.Orders)),
		thousands(int64(p.Of)), thousands(int64(rate)), thousands(p.Duplicates), m.note)
}

// line shows a line in the place of the last one.
func (m *meter) line(text string) {
	if !m.terminal {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if now := time.Now(); now.Sub(m.last) >= 100*time.Millisecond {
		m.last, m.drawn = now, true
		fmt.Fprintf(m.w, "\r\x1b[K%s", text)
	}
}

// done clears the line.
func (m *meter) done() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.drawn {
		fmt.Fprint(m.w, "\r\x1b[K")
	}
}

// thousands groups digits by threes with spaces.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + " " + s[i:]
	}
	return sign + s
}
