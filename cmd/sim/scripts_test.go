package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// stub is a program in the place of bin/sim: it notes how it was called, and ends as the first line of codes says
// whose words are all among its arguments: "WORDS... CODE".
func stub(t *testing.T, codes ...string) (program, calls string) {
	t.Helper()
	dir := t.TempDir()
	program, calls = filepath.Join(dir, "sim"), filepath.Join(dir, "calls")
	text := "#!/bin/sh\necho \"$*\" >> " + calls + "\necho 'seed 0x1  digest of all abc'\n"
	for _, c := range codes {
		words := strings.Fields(c)
		last := len(words) - 1
		text += "case \"$*\" in *\"" + strings.Join(words[:last], " ") + "\"*) exit " + words[last] + ";; esac\n"
	}
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return program, calls
}

// script runs one of scripts/ with variables of its own.
func script(t *testing.T, name string, env ...string) (code int, out string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", filepath.Join("..", "..", "scripts", name))
	cmd.Env = append(os.Environ(), env...)
	text, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

// The tour ends well when each part ends as announced, the one that breaks a design too, and names the parts that
// did not; one that goes wrong keeps the others from nothing.
func TestTheTourEndsAsItsPartsWereAnnounced(t *testing.T) {
	for name, c := range map[string]struct {
		codes []string
		code  int
		last  string
	}{
		"as announced":              {[]string{"--design article 1"}, 0, "tour: every part ended as announced"},
		"ledger breaks on the wire": {[]string{"run --on wire 1", "--design article 1"}, 1, "tour: not as announced: part 1 ("},
		"article holds":             {nil, 1, "tour: not as announced: part 2 ("},
		"not complete":              {[]string{"--design article 1", "exhaustive 6"}, 1, "tour: not as announced: part 3 ("},
		"article is bad input":      {[]string{"--design article 64", "exhaustive 1"}, 1, "part 2 (the published design explored until it breaks),3 ("},
	} {
		t.Run(name, func(t *testing.T) {
			program, calls := stub(t, c.codes...)
			code, out := script(t, "tour.sh", "SIM="+program)
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if code != c.code || !strings.Contains(lines[len(lines)-1], c.last) {
				t.Errorf("exit %d, want %d and %q at the end of\n%s", code, c.code, c.last, out)
			}
			called, err := os.ReadFile(calls)
			if err != nil || strings.Count(string(called), "\n") != 3 || !strings.Contains(string(called), "--orders 10000 ") {
				t.Errorf("it called\n%s%v", called, err)
			}
		})
	}
}

// The tour's own commands do what it announces. Fewer orders, and the search is given up early: that it ends is
// shown by make run.
func TestTheToursCommandsAreAccepted(t *testing.T) {
	program, calls := stub(t, "--design article 1")
	if code, out := script(t, "tour.sh", "SIM="+program, "ORDERS=300"); code != 0 {
		t.Fatalf("exit %d\n%s", code, out)
	}
	called, err := os.ReadFile(calls)
	if err != nil {
		t.Fatal(err)
	}
	want := []int{0, 1, 6}
	for i, line := range strings.Split(strings.TrimSpace(string(called)), "\n") {
		args := strings.Fields(line)
		if want[i] == 6 {
			args = append(args, "--states", "50")
		}
		if o := invoke(t, args...); o.code != want[i] {
			t.Errorf("sim %s: exit %d, want %d\n%s\n%s", line, o.code, want[i], o.out, o.errors)
		} else if want[i] == 1 && (!strings.Contains(o.out, "every remaining event is needed") || !strings.Contains(o.out, "  lane ")) {
			t.Errorf("the smallest schedule is not drawn:\n%s", o.out)
		}
	}
}

// A soak ends as the worst of its campaigns did, all of which are run and written down.
func TestASoakEndsAsTheWorstOfItsCampaigns(t *testing.T) {
	scenarios, err := filepath.Glob("../../testdata/soak/*.scenario")
	if err != nil || len(scenarios) < 5 {
		t.Fatalf("%d scenarios, %v", len(scenarios), err)
	}
	for name, c := range map[string]struct {
		codes []string
		code  int
	}{
		"all hold":            {nil, 0},
		"one is violated":     {[]string{"relay.scenario 1"}, 1},
		"safety over stall":   {[]string{"async.scenario 1", "sync.scenario 2"}, 1},
		"an error over all":   {[]string{"async.scenario 1", "crowd.scenario 70", "sync.scenario 4"}, 70},
		"vacuous over holds":  {[]string{"shed.scenario 5"}, 5},
		"ended by the system": {[]string{"emit.scenario 137", "sync.scenario 70"}, 137},
	} {
		t.Run(name, func(t *testing.T) {
			program, calls := stub(t, c.codes...)
			path := filepath.Join(t.TempDir(), "soak.txt")
			code, out := script(t, "soak.sh", "SIM="+program, "OUT="+path, "SEED=7", "SOAK=60")
			text, err := os.ReadFile(path)
			if err != nil || code != c.code {
				t.Fatalf("exit %d, want %d; %v\n%s", code, c.code, err, out)
			}
			called, err := os.ReadFile(calls)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range scenarios {
				s = "testdata/soak/" + filepath.Base(s)
				if !strings.Contains(string(text), "== "+s+": exit ") || !strings.Contains(string(called), "--scenario "+s+" --strategy portfolio --seed 7 --budget ") {
					t.Errorf("%s was not explored: called\n%swritten\n%s", s, called, text)
				}
			}
			if strings.Count(string(text), "digest of all abc") != len(scenarios) || !strings.HasPrefix(string(text), "Soak of ledger: ") {
				t.Errorf("written was\n%s", text)
			}
		})
	}
	if code, out := script(t, "soak.sh", "SOAK=2"); code != 64 || !strings.Contains(out, "less than one for each") {
		t.Errorf("too short: exit %d\n%s", code, out)
	}
}

// The scenarios of a soak are accepted, hold undisturbed, and differ in what they ask of the design.
func TestTheScenariosOfASoakHoldUndisturbed(t *testing.T) {
	scenarios, err := filepath.Glob("../../testdata/soak/*.scenario")
	if err != nil {
		t.Fatal(err)
	}
	asked := ""
	for _, s := range scenarios {
		text, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		asked += string(text)
		if o := invoke(t, "run", "--on", "core", "--scenario", s, "--seed", "1"); o.code != 0 {
			t.Errorf("%s: exit %d\n%s\n%s", s, o.code, o.out, o.errors)
		}
	}
	for _, option := range []string{"admission=async", "admission=sync", "relay=true", "shed=true", "emit=true", "batch=1", "group=1", "scan=1"} {
		if !strings.Contains(asked, option) {
			t.Errorf("no scenario asks for %s", option)
		}
	}
}
