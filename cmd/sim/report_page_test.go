package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReportWritesAPageAboutASchedule(t *testing.T) {
	t.Parallel()
	file, to := write(t, "expiry.sched", expirySchedule), filepath.Join(t.TempDir(), "page.html")
	o := invoke(t, "report", file, "-o", to)
	if o.code != 0 || !strings.HasPrefix(o.out, "seed 0x1  design article  tier core  schedule ") || !strings.Contains(o.out, "\nviolated   exactly-once-effect: ") ||
		!strings.Contains(o.out, "page "+to+": ") {
		t.Fatalf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
	page, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"exactly-once-effect is broken", "sim replay " + file, "Only this run is recorded", `"second deduction"`} {
		if !strings.Contains(string(page), want) {
			t.Errorf("%q is missing in the page", want)
		}
	}
}

func TestReportSetsTheOriginalBesideTheSmallestRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	small, to := filepath.Join(dir, "found.sched"), filepath.Join(dir, "page.html")
	o := invoke(t, "explore", "--design", "article", "--scenario", write(t, "s.scenario", head+ended), "--seed", "3",
		"--faults", "crash,advance-clock,rewind", "--executions", "3000", "-o", small)
	if o.code != 1 {
		t.Fatalf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
	for _, args := range [][]string{{"report", small, "-o", to}, {"report", small, "--original", originalOf(small), "-o", to}} {
		if o := invoke(t, args...); o.code != 0 {
			t.Fatalf("exit %d\n%s\n%s", o.code, o.out, o.errors)
		}
		page, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{"found.original.sched", `class="taken"`, `"The original run"`} {
			if !strings.Contains(string(page), want) {
				t.Errorf("%v: %q is missing in the page", args, want)
			}
		}
	}
	if o := invoke(t, "replay", originalOf(small)); o.code != 1 || !strings.Contains(o.out, "as the file expects") {
		t.Errorf("the original replays with exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
}

func TestReportRefusesBadInput(t *testing.T) {
	t.Parallel()
	good := write(t, "expiry.sched", expirySchedule)
	cut := write(t, "cut.sched", strings.TrimSuffix(expirySchedule, "end 9\n"))
	to := filepath.Join(t.TempDir(), "page.html")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"report"}, "report takes one FILE.sched"},
		{[]string{"report", good}, "-o FILE.html is missing"},
		{[]string{"report", good, good, "-o", to}, "report takes one FILE.sched"},
		{[]string{"report", "nothing.sched", "-o", to}, "there is no such file"},
		{[]string{"report", cut, "-o", to}, "it was cut short"},
		{[]string{"report", good, "-o", filepath.Join(to, "no", "folder.html")}, "-o: "},
		{[]string{"report", good, "--original", "nothing.sched", "-o", to}, "there is no such file"},
		{[]string{"report", good, "--design", "wishful", "-o", to}, "wishful"},
	} {
		if o := invoke(t, c.args...); o.code != 64 || !strings.Contains(o.errors, c.says) {
			t.Errorf("%v: exit %d, %q", c.args, o.code, o.errors)
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("%v wrote a page", c.args)
		}
	}
	if o := invoke(t, "report", "--help"); o.code != 0 || !strings.Contains(o.out, "sim report testdata/schedules/token-expiry.sched -o") {
		t.Errorf("exit %d\n%s", o.code, o.out)
	}
}
