package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const histories = "../../testdata/histories/"

func TestAHistoryThatHoldsIsJudged(t *testing.T) {
	o := invoke(t, "check", histories+"ledger-tiny.jsonl")
	if o.code != 0 || !strings.HasPrefix(o.out, "seed 0x1  design ledger  tier core  history ") {
		t.Errorf("exit %d\n%s%s", o.code, o.out, o.errors)
	}
	for _, want := range []string{"\nholds      17 events, 2 lines: 1 granted, 1 rejected, 0 cancelled", "pass: no-oversell", "linearizable"} {
		if !strings.Contains(o.out, want) {
			t.Errorf("%q is missing in\n%s", want, o.out)
		}
	}
}

// A violation is shown with the operations that contradict each other, and where they stand in the file.
func TestAHistoryThatIsBrokenShowsTheTwoOperations(t *testing.T) {
	file := histories + "article-token-expiry.jsonl"
	o := invoke(t, "check", file)
	if o.code != 1 || lastLine(o.out) != "sim check "+file {
		t.Errorf("exit %d\n%s%s", o.code, o.out, o.errors)
	}
	for _, want := range []string{"FAIL: exactly-once-effect: order o1: 2 units of \"A\" were deducted 2 times for 1 line(s)",
		"line  lane    seq  units  what", "offender  11", "done (stock 3 -> 1)", "witness   9", "done (stock 5 -> 3)",
		"not claimed: linearizable"} {
		if !strings.Contains(o.out, want) {
			t.Errorf("%q is missing in\n%s", want, o.out)
		}
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if line := strings.Split(string(text), "\n")[11-1]; !strings.Contains(line, `"before":3,"after":1`) {
		t.Errorf("line 11 is %s", line)
	}
}

func TestAHistoryInJSON(t *testing.T) {
	o := invoke(t, "check", histories+"article-token-expiry.jsonl", "--json", "--claims", "convergence,no-loss")
	var a struct {
		Result, Design, Reproduce string
		Guarantees                []struct {
			Name, Verdict string
			Claimed       bool
		}
		Orders struct{ Submitted, Granted int }
		Steps  int
	}
	if err := json.Unmarshal([]byte(lastLine(o.out)), &a); err != nil {
		t.Fatalf("%v\n%s", err, o.out)
	}
	if o.code != 2 || a.Result != "stalled" || a.Design != "article" || a.Steps != 9 || a.Orders.Submitted != 1 ||
		a.Orders.Granted != 1 || len(a.Guarantees) != 11 || !strings.HasSuffix(a.Reproduce, "--claims convergence,no-loss") {
		t.Errorf("exit %d, %+v", o.code, a)
	}
	for _, g := range a.Guarantees {
		if want := g.Name == "convergence" || g.Name == "no-loss"; g.Claimed != want {
			t.Errorf("%+v", g)
		}
	}
}

func TestBadHistoriesAreRefusedByCheck(t *testing.T) {
	text, err := os.ReadFile(histories + "ledger-tiny.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	cut := filepath.Join(t.TempDir(), "cut.jsonl")
	for _, c := range []struct{ text, want string }{
		{strings.Join(lines[:20], ""), "cut.jsonl:20: the file ends without its last line, `end`: it was cut short"},
		{strings.Join(lines[:20], "") + lines[20][:30], "cut.jsonl:21: the file ends inside this line"},
		{lines[0] + "{\"refund\":{}}\n", `cut.jsonl:2: there is no kind of line "refund"`},
		{lines[0] + "{\"return\":{\"attempt\":7}}\n", "cut.jsonl:2: a return without a call"},
		{lines[0] + "{\"read\":{\"call\":9,\"at\":9}}\n{\"read\":{\"call\":3,\"at\":3}}\n", "cut.jsonl:3: time runs backwards: 3 after 9"},
		{"", "cut.jsonl: the file ends"},
	} {
		if err := os.WriteFile(cut, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, c.want, "check", cut)
	}
	refused(t, "no such file", "check", filepath.Join(t.TempDir(), "none"))
	refused(t, "is a directory: a history is a file", "check", t.TempDir())
	refused(t, "is a directory: a history is a file", "check", "--format", "jsonl", t.TempDir())
	refused(t, "check takes one HISTORY", "check")
	refused(t, `--claims: "speed" is not a guarantee`, "check", "--claims", "speed", histories+"ledger-tiny.jsonl")
}

// A history may be packed, as they are kept; one that is cut short is bad input, packed or not.
func TestAPackedHistoryIsJudged(t *testing.T) {
	text, err := os.ReadFile(histories + "article-token-expiry.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.NoCompression) // so that its half is half of the lines
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "h.jsonl.gz")
	damaged := bytes.Clone(packed.Bytes())
	damaged[len(damaged)-6] ^= 1
	for _, c := range []struct {
		text []byte
		code int
		says string
	}{
		{packed.Bytes(), 1, "FAIL: exactly-once-effect"},
		{packed.Bytes()[:packed.Len()/2], 64, "sim: " + file + ":8: unpack: unexpected EOF"},
		{damaged, 64, "sim: " + file + ":19: unpack: gzip: invalid checksum"},
		{packed.Bytes()[:5], 64, "unpack "},
	} {
		if err := os.WriteFile(file, c.text, 0o600); err != nil {
			t.Fatal(err)
		}
		if o := invoke(t, "check", file); o.code != c.code || !strings.Contains(o.out+o.errors, c.says) {
			t.Errorf("%d bytes: exit %d, want %d and %q\n%s%s", len(c.text), o.code, c.code, c.says, o.out, o.errors)
		}
	}
}

// Where there is nothing to draw, the reason stands in its place.
func TestAPanelThatIsNotDrawnSaysWhy(t *testing.T) {
	to := filepath.Join(t.TempDir(), "panel.html")
	article := histories + "article-token-expiry.jsonl"
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{histories + "ledger-tiny.jsonl"}, "linearizable holds: no operations contradict each other"},
		{[]string{article}, "linearizable is not claimed"},
		{[]string{article, "--claims", "linearizable,no-loss"}, "linearizable is not checked: the decisions have no order"},
		{[]string{crowd(t, 12)}, "linearizable is undecided: lane \"A\": 12 operations at once"},
	} {
		o := invoke(t, append([]string{"check", "--html", to}, c.args...)...)
		if !strings.Contains(o.out, to+" is not written: "+c.says) {
			t.Errorf("%v says\n%s%s", c.args, o.out, o.errors)
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("%v wrote a page", c.args)
		}
	}
}

// A history may come from stdin, packed or not, and is judged as the file would be.
func TestAHistoryFromStdin(t *testing.T) {
	took := regexp.MustCompile(`judged in .*`) // it differs from run to run
	for _, name := range []string{"ledger-tiny.jsonl", "article-token-expiry.jsonl"} {
		text, err := os.ReadFile(histories + name)
		if err != nil {
			t.Fatal(err)
		}
		o := invoke(t, "check", histories+name)
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(text); err != nil || z.Close() != nil {
			t.Fatal(err)
		}
		for _, input := range [][]byte{text, packed.Bytes()} {
			c := exec.CommandContext(t.Context(), os.Args[0], "check", "-")
			c.Env, c.Stdin = append(os.Environ(), asProgram+"=1"), bytes.NewReader(input)
			out, _ := c.Output() // the exit code is what is asked for
			same := took.ReplaceAllString(strings.ReplaceAll(o.out, histories+name, "-"), "")
			if c.ProcessState.ExitCode() != o.code || took.ReplaceAllString(string(out), "") != same {
				t.Errorf("exit %d\n%s\nwant %d\n%s", c.ProcessState.ExitCode(), out, o.code, same)
			}
		}
	}
	c := exec.CommandContext(t.Context(), os.Args[0], "check", "-")
	c.Env, c.Stdin = append(os.Environ(), asProgram+"=1"), strings.NewReader("no history")
	if out, _ := c.CombinedOutput(); c.ProcessState.ExitCode() != 64 || !strings.Contains(string(out), "stdin") {
		t.Errorf("exit %d\n%s", c.ProcessState.ExitCode(), out)
	}
}
