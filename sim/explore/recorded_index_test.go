package explore_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// failures is how many failures the catalogue has.
const failures = 82

// The index has every failure once, in order, each with schedules or with the reason why there is none; what it
// names is there, and what is there it names.
func TestRecordedSchedulesAreIndexed(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(schedules, "INDEX.md"))
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| F(\d+) ([^|]+) \| ([^|]+) \|$`)
	file := regexp.MustCompile(`[a-z0-9/-]+\.sched`)
	next := 1
	for _, m := range row.FindAllStringSubmatch(string(text), -1) {
		if n, _ := strconv.Atoi(m[1]); n != next {
			t.Fatalf("F%d stands where F%d should", n, next)
		}
		next++
		none := strings.HasPrefix(m[3], "none: ") // and then why
		files := file.FindAllString(m[3], -1)
		if !none && len(files) == 0 {
			t.Errorf("F%s has neither a schedule nor a reason: %q", m[1], m[3])
		}
		for _, f := range files {
			if !none {
				mentions(t, f, m[1])
			}
		}
	}
	if next != failures+1 {
		t.Errorf("%d failures, the catalogue has %d", next-1, failures)
	}
	indexed := file.FindAllString(string(text), -1)
	for _, f := range indexed {
		if _, err := os.Stat(filepath.Join(schedules, f)); err != nil {
			t.Errorf("the index names %s: %v", f, err)
		}
	}
	for _, path := range slices.Concat(recorded(t, "."), recorded(t, "testdesigns"), recorded(t, "fixed")) {
		name, err := filepath.Rel(schedules, path)
		if err != nil || !slices.Contains(indexed, filepath.ToSlash(name)) {
			t.Errorf("the index does not name %s", name)
		}
	}
}

// mentions: the words of a schedule name the failure that it is indexed under.
func mentions(t *testing.T, file, failure string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(schedules, file))
	if err != nil {
		return // said elsewhere
	}
	if !regexp.MustCompile(fmt.Sprintf(`\bF%s\b`, failure)).Match(text) {
		t.Errorf("%s is indexed under F%s and does not name it", file, failure)
	}
}
