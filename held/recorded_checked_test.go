package explore_test

import (
	"flag"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// make schedules goes on where it was interrupted, and writes down what it ran.
var recordedResume = flag.Bool("recorded-resume", false, "leave out what checked.txt has in as many runs, and add to it")

// checked is how often the faults of a recorded schedule were tried on a design that holds: one line of checked.txt.
type checked struct {
	Schedule, Design string
	Runs             int // random schedules, of the seeds 0 to Runs-1
	Whole            int // in which every fault of the file struck
	Day              string
	File             string // what the file was then: its sum
}

const checkedHead = `# In how many random schedules the faults of a recorded schedule were tried on a design of which the file says that
# it holds: the same workload and faults, each at any point that its role passes, seeds 0 to runs-1. It held in all of them.
# "whole" is in how many every fault of the file struck. Written by make schedules, which goes on where it ended.
#
# schedule design runs whole day file
`

func (c checked) key() string { return c.Schedule + " " + c.Design }

func (c checked) String() string {
	return fmt.Sprintf("%s %s %d %d %s %s", c.Schedule, c.Design, c.Runs, c.Whole, c.Day, c.File)
}

// covers reports whether so many runs of the same file were checked.
func (c checked) covers(now checked, runs int) bool { return c.File == now.File && c.Runs >= runs }

// checkedOf is what there is to check of a schedule today.
func checkedOf(t testing.TB, path, design string) checked {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name, err := filepath.Rel(schedules, path)
	if err != nil {
		t.Fatal(err)
	}
	sum := fnv.New32a()
	sum.Write(text)
	return checked{Schedule: filepath.ToSlash(name), Design: design, Day: time.Now().UTC().Format(time.DateOnly),
		File: fmt.Sprintf("%08x", sum.Sum32())}
}

func readChecked(t testing.TB) map[string]checked {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(schedules, "checked.txt"))
	if err != nil {
		t.Fatal(err)
	}
	done := map[string]checked{}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var c checked
		if _, err := fmt.Sscan(line, &c.Schedule, &c.Design, &c.Runs, &c.Whole, &c.Day, &c.File); err != nil || c.String() != line {
			t.Fatalf("checked.txt:%d: %q: %v", i+1, line, err)
		}
		if _, twice := done[c.key()]; twice {
			t.Errorf("checked.txt:%d: %s stands twice", i+1, c.key())
		}
		done[c.key()] = c
	}
	return done
}

func writeChecked(t testing.TB, done map[string]checked) {
	t.Helper()
	text := checkedHead
	for _, key := range slices.Sorted(maps.Keys(done)) {
		text += done[key].String() + "\n"
	}
	if err := os.WriteFile(filepath.Join(schedules, "checked.txt"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Every "ledger: holds" was checked, with the file as it is, and every fault struck; nothing else is written down.
func TestWhatHoldsWasChecked(t *testing.T) {
	done := readChecked(t)
	for _, path := range slices.Concat(recorded(t, "."), recorded(t, "testdesigns")) {
		for _, o := range load(t, path).Others {
			c := checkedOf(t, path, o.Design)
			was, there := done[c.key()]
			if there != o.Holds {
				t.Errorf("%s: holds %t, checked %t: make schedules", c.key(), o.Holds, there)
			}
			if there && (!was.covers(c, 100) || was.Whole == 0) {
				t.Errorf("%s was checked as %s, and is %s: make schedules", c.key(), was, c.File)
			}
			delete(done, c.key())
		}
	}
	for key := range done {
		t.Errorf("checked.txt has %s, which no schedule says", key)
	}
}
