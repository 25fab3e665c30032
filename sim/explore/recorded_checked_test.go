package explore_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// recordedTry is how many random schedules make schedules wants of each line of checked.txt, in all of which every
// fault of the file struck.
var recordedTry = flag.Int("recorded-try", 0, "go on where checked.txt ends, until so many schedules of each have every fault's receipt")

const (
	wantChecked = 10_000 // what "ledger: holds" rests on
	mostSeeds   = 20     // seeds for one schedule in which every fault struck: a rarer one is placed badly
	writeEvery  = 250    // seeds between two writes: what an interruption loses
	checkedHead = `# In how many random schedules the faults of a recorded schedule were tried on a design of which the file says that it holds: the
# same workload and faults, each at any point that its role passes. It held in all of them. "struck" is in how many every fault
# of the file left its receipt, "of" what the file's workload and faults were: its sum. Written by make schedules, which goes on
# where it ended; a line that is deleted is tried anew.
#
# schedule design seeds struck of
`
)

// checked is a line of checked.txt.
type checked struct {
	schedule, design string
	seeds            int // 0 to seeds-1
	struck           int // seeds in whose schedule every fault struck
	of               string
}

func (c checked) key() string { return c.schedule + "/" + c.design }

func (c checked) String() string {
	return fmt.Sprintf("%s %s 0-%d %d %s", c.schedule, c.design, c.seeds-1, c.struck, c.of)
}

// unchecked is the line of a schedule of which nothing was tried.
func (h holding) unchecked() checked {
	tried := *h.schedule
	tried.Prose, tried.Deviations, tried.Expect, tried.Others = nil, nil, nil, nil // what the trial makes no use of
	sum := sha256.Sum256([]byte(tried.String()))
	return checked{schedule: strings.TrimSuffix(h.name(), "/"+h.design), design: h.design, of: fmt.Sprintf("%x", sum[:6])}
}

// book is checked.txt.
type book struct {
	mu    sync.Mutex
	path  string
	lines map[string]checked
}

func readBook(t *testing.T) *book {
	t.Helper()
	b := &book{path: filepath.Join(schedules, "checked.txt"), lines: map[string]checked{}}
	text, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var c checked
		var span string
		if _, err := fmt.Sscan(line, &c.schedule, &c.design, &span, &c.struck, &c.of); err != nil {
			t.Fatalf("checked.txt:%d: %q: %v", i+1, line, err)
		}
		if _, err := fmt.Sscanf(span, "0-%d", &c.seeds); err != nil {
			t.Fatalf("checked.txt:%d: seeds %q: %v", i+1, span, err)
		}
		if c.seeds++; c.String() != line {
			t.Fatalf("checked.txt:%d: %q, read as %q", i+1, line, c)
		}
		if _, twice := b.lines[c.key()]; twice {
			t.Errorf("checked.txt:%d: %s stands twice", i+1, c.key())
		}
		b.lines[c.key()] = c
	}
	return b
}

// begin is the line to go on with: what the book has of the same workload and faults.
func (b *book) begin(fresh checked) checked {
	b.mu.Lock()
	defer b.mu.Unlock()
	if was := b.lines[fresh.key()]; was.of == fresh.of {
		return was
	}
	return fresh
}

func (b *book) write(t *testing.T, c checked) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.lines[c.key()] = c
	text := checkedHead
	for _, key := range slices.Sorted(maps.Keys(b.lines)) {
		text += b.lines[key].String() + "\n"
	}
	if err := os.WriteFile(b.path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// make schedules: schedules of every recorded file side by side, one per core, written down as they pass.
func TestRecordedTrialsGoOn(t *testing.T) {
	if *recordedTry == 0 {
		return // what was tried before is held against the files by TestWhatHoldsWasTried
	}
	b := readBook(t)
	for _, h := range held(t) {
		t.Run(h.name(), func(t *testing.T) {
			t.Parallel()
			c := b.begin(h.unchecked())
			if c.struck >= *recordedTry {
				return
			}
			tr := newTrial(t, h)
			tr.screen(t)
			for ; c.struck < *recordedTry; c.seeds++ {
				if c.seeds > mostSeeds*(*recordedTry) {
					t.Fatalf("every fault struck in %d of %d schedules only", c.struck, c.seeds)
				}
				if c.seeds%writeEvery == 0 && c.seeds > 0 {
					b.write(t, c)
				}
				if tr.survives(t, c.seeds) {
					c.struck++
				}
			}
			b.write(t, c)
			t.Logf("%s", c)
		})
	}
}

// Every "holds" of a recorded schedule rests on 10 000 random schedules in which its faults struck, with the
// workload and faults as they are; nothing else is written down.
func TestWhatHoldsWasTried(t *testing.T) {
	b := readBook(t)
	for _, h := range held(t) {
		now := h.unchecked()
		c, there := b.lines[now.key()]
		switch {
		case !there:
			t.Errorf("%s was never tried: make schedules", now.key())
		case c.of != now.of:
			t.Errorf("%s was tried as %s and is %s: make schedules", now.key(), c.of, now.of)
		case c.struck < wantChecked || c.seeds < c.struck:
			t.Errorf("%s: every fault struck in %d of %d schedules, want %d: make schedules", now.key(), c.struck, c.seeds, wantChecked)
		}
		delete(b.lines, now.key())
	}
	for key := range b.lines {
		t.Errorf("checked.txt has %s, which no schedule says", key)
	}
}
