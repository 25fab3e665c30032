package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"stockproof/checks"
	"stockproof/sim/scenario"
)

// asProgram makes the test binary the program itself: signals and exit codes are a process's.
const asProgram = "STOCKPROOF_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
	}
	os.Exit(m.Run())
}

// A signal ends a run without a verdict: one line says so, and the exit code is the shell's.
func TestASignalInterruptsARun(t *testing.T) {
	const orders = "stockproof scenario 1\n# More than a signal waits for.\nworkload orders=3000\n" + ended
	core := []string{"run", "--on", "core", "--scenario", write(t, "s.scenario", orders), "--seed", "1"}
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		interrupts(t, signal, "run", "--orders", "50000", "--seed", "1")
		interrupts(t, signal, core...)
	}
}

func interrupts(t *testing.T, signal os.Signal, args ...string) {
	t.Run(signal.String()+" "+args[1], func(t *testing.T) {
		t.Parallel()
		c := exec.CommandContext(t.Context(), os.Args[0], args...)
		c.Env = append(os.Environ(), asProgram+"=1")
		var stderr bytes.Buffer
		c.Stderr = &stderr
		stdout, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		first, err := bufio.NewReader(stdout).ReadString('\n') // the run has begun
		if err != nil || !strings.HasPrefix(first, "seed 0x1") {
			t.Errorf("line 1 is %q, %v", first, err)
		}
		if err := c.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		var exit *exec.ExitError
		if err := c.Wait(); !errors.As(err, &exit) || exit.ExitCode() != interrupted ||
			stderr.String() != "sim: interrupted\n" {
			t.Errorf("%v, stderr %q, want exit %d", err, stderr.String(), interrupted)
		}
	})
}

// full takes some writes, then none, as a device without space.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left--; f.left < 0 {
		return 0, syscall.ENOSPC
	}
	return len(p), nil
}

// What cannot be written is no verdict, whatever it would have said.
func TestAVerdictThatCannotBeWrittenIsAnError(t *testing.T) {
	run := []string{"run", "--scenario", "tiny", "--seed", "1", "--patience", "5m", "--settle", "5m"}
	for name, c := range map[string]struct {
		takes int
		args  []string
	}{"line 1": {0, run}, "the verdict": {1, run}, "JSON": {0, append(run[:len(run):len(run)], "--json")}, "help": {0, []string{"--help"}}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stderr bytes.Buffer
			code := command(t.Context(), c.args, &full{c.takes}, &stderr)
			if code != checks.InternalError.ExitCode() ||
				!strings.HasSuffix(stderr.String(), "sim: write to stdout: no space left on device\n") {
				t.Errorf("exit %d, stderr %q", code, stderr.String())
			}
		})
	}
}

// The help promises the exit codes that a run can end with, and no other.
func TestHelpNamesTheExitCodesOfTheTier(t *testing.T) {
	o := invoke(t, "--help")
	if strings.Contains(o.out, "69") || !strings.Contains(o.out, "130 interrupted") || !strings.Contains(o.out, "70 internal") {
		t.Errorf("help says\n%s", o.out)
	}
}

// Every option that a design declares can be written in a scenario: a declaration is not a wish.
func TestDesignsDeclareOptionsThatScenariosKnow(t *testing.T) {
	known := strings.Join(scenario.OptionKeys(), " ") + " "
	for _, d := range designs() {
		for _, key := range d.Options {
			if !strings.Contains(" "+known, " "+key+" ") {
				t.Errorf("design %s has option %q, which no scenario can set; there are %s", d.Name, key, known)
			}
		}
	}
}
