package explore_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const root = "../.."

// overlay applies a patch to copies of the files that it changes and gives the go command's overlay, which
// puts them in the place of the real ones. Embedded files are covered too.
func overlay(t *testing.T, patch string) string {
	t.Helper()
	text, err := os.ReadFile(patch)
	if err != nil {
		t.Fatal(err)
	}
	dir, replaced := t.TempDir(), map[string]string{}
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		name, ok := strings.CutPrefix(line, "--- a/")
		if !ok {
			continue
		}
		source, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(copied), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied, source, 0o644); err != nil {
			t.Fatal(err)
		}
		replaced[filepath.Join(absolute, name)] = copied
	}
	full, err := filepath.Abs(patch)
	if err != nil {
		t.Fatal(err)
	}
	apply := exec.Command("git", "apply", full)
	apply.Dir = dir
	if out, err := apply.CombinedOutput(); err != nil || len(replaced) == 0 {
		t.Fatalf("%s does not apply to %d files any more: %v\n%s", patch, len(replaced), err, out)
	}
	config, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(file, config, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// workbench builds cmd/sim.
func workbench(t *testing.T, flags ...string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "sim")
	args := append([]string{"build", "-o", bin}, flags...)
	build := exec.Command("go", append(args, "./cmd/sim")...)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// finding is the header's command line: the executions in which the break shows.
func finding(t *testing.T, patch string) []string {
	t.Helper()
	text, err := os.ReadFile(patch)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(text), "\n") {
		if args, ok := strings.CutPrefix(line, "# find: "); ok {
			return strings.Fields(args)
		}
	}
	t.Fatalf("%s does not say how it is found", patch)
	return nil
}

func explored(bin string, args []string) (code int, out string) {
	cmd := exec.Command(bin, append([]string{"explore", "--design", "ledger", "--strategy", "random"}, args...)...)
	text, _ := cmd.CombinedOutput() // the exit code is what is asked for
	return cmd.ProcessState.ExitCode(), string(text)
}

// Every defence that testdata/breaks removes is one that an exploration misses: the broken build violates a
// guarantee, and the shipped one holds in as many executions of the same seed as that took.
func TestBreaksAreFound(t *testing.T) {
	patches, err := filepath.Glob(root + "/testdata/breaks/*.patch")
	if err != nil {
		t.Fatal(err)
	}
	shipped, production := workbench(t), 0
	for _, patch := range patches {
		name := strings.TrimSuffix(filepath.Base(patch), ".patch")
		if strings.HasPrefix(name, "engine-") {
			continue
		}
		production++
		t.Run(name, func(t *testing.T) {
			args := finding(t, patch)
			code, out := explored(workbench(t, "-overlay", overlay(t, patch)), args)
			if code != 1 && code != 2 {
				t.Errorf("exit code %d, want a violation:\n%s", code, out)
			}
			if code, out := explored(shipped, args); code != 0 {
				t.Errorf("without the break: exit code %d\n%s", code, out)
			}
		})
	}
	if production < 6 {
		t.Errorf("%d breaks of production code, want 6 at least", production)
	}
}
