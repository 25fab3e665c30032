package explore_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../.."

// overlay applies patches, one after the other, to copies of the files that they change and gives the go command's
// overlay, which puts them in the place of the real ones. Embedded files are covered too.
func overlay(t *testing.T, patches ...string) string {
	t.Helper()
	dir, replaced := t.TempDir(), map[string]string{}
	absolute, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, patch := range patches {
		for _, name := range changed(t, patch) {
			at := filepath.Join(absolute, name)
			if replaced[at] == "" {
				replaced[at] = filepath.Join(dir, name)
				copyFile(t, at, replaced[at])
			}
		}
		full, err := filepath.Abs(patch)
		if err != nil {
			t.Fatal(err)
		}
		apply := exec.Command("git", "apply", full)
		apply.Dir = dir
		if out, err := apply.CombinedOutput(); err != nil {
			t.Fatalf("%s does not apply any more: %v\n%s", patch, err, out)
		}
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

// changed are the files that a patch changes, from the root: one at least.
func changed(t *testing.T, patch string) (names []string) {
	t.Helper()
	for _, line := range patchLines(t, patch) {
		if name, ok := strings.CutPrefix(line, "--- a/"); ok {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		t.Fatalf("%s changes nothing", patch)
	}
	return names
}

func patchLines(t *testing.T, patch string) []string {
	t.Helper()
	text, err := os.ReadFile(patch)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(string(text), "\n")
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// workbench builds cmd/sim, without what only a debugger reads: linking is a large part of it.
func workbench(t *testing.T, flags ...string) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "sim")
	args := append([]string{"build", "-ldflags=-s -w", "-o", bin}, flags...)
	build := exec.Command("go", append(args, "./cmd/sim")...)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// look is a line of a patch's header: how to look for what is broken, and what is to come of it.
type look struct {
	with  []string // other patches that are applied as well
	args  []string // of sim explore
	found bool     // a violation shows; otherwise what is left of the defences covers for it
	every bool     // in every scope of the list that args name
}

// looks are those of a patch: "# find: ARGS" where removing this defence alone is found, "# hidden: ARGS" where it is
// not, because others cover for it, and "# find with NAME...: ARGS" where it is found once those are gone too; "# find in
// every scope with NAME...: ARGS" where each of a list of scopes shows it.
func looks(t *testing.T, patch string) (all []look) {
	t.Helper()
	for _, line := range patchLines(t, patch) {
		what, args, ok := strings.Cut(strings.TrimPrefix(line, "# "), ": ")
		verb, with, _ := strings.Cut(what, " with ")
		verb, every := strings.CutSuffix(verb, " in every scope")
		if !ok || !strings.HasPrefix(line, "# ") || verb != "find" && verb != "hidden" {
			continue
		}
		l := look{args: strings.Fields(args), found: verb == "find", every: every}
		for _, name := range strings.Fields(with) {
			l.with = append(l.with, filepath.Join(filepath.Dir(patch), name+".patch"))
		}
		all = append(all, l)
	}
	if !slices.ContainsFunc(all, func(l look) bool { return l.found }) {
		t.Fatalf("%s does not say how it is found", patch)
	}
	return all
}

// explored looks for a violation of ledger, at random unless the arguments say otherwise.
func explored(bin string, args []string) (code int, out string) {
	cmd := exec.Command(bin, append([]string{"explore", "--design", "ledger", "--strategy", "random"}, args...)...)
	cmd.Dir = root
	text, _ := cmd.CombinedOutput() // the exit code is what is asked for
	return cmd.ProcessState.ExitCode(), string(text)
}

// Every defence that testdata/breaks removes is one that a search misses, alone or together with those that cover for
// it: the broken build violates a guarantee, and the shipped one holds in the same search. Where a header says that
// the others cover for it, they do.
func TestBreaksAreFound(t *testing.T) {
	t.Parallel()
	production, together, searches := 0, 0, map[string][]string{}
	for _, patch := range productionBreaks(t) {
		all := slices.DeleteFunc(looks(t, patch), func(l look) bool { return l.every }) // a test of its own
		production++
		for _, l := range all {
			searches[strings.Join(l.args, " ")] = l.args
			if l.found && len(l.with) > 0 {
				together++
			}
		}
		t.Run(breakName(patch), func(t *testing.T) {
			t.Parallel()
			for _, l := range all {
				code, out := explored(workbench(t, "-overlay", overlay(t, append(l.with, patch)...)), l.args)
				if !l.found && code != 0 {
					t.Errorf("%q: exit code %d: it is not covered for\n%s", l.args, code, out)
				} else if l.found && code != 1 && code != 2 && code != 3 {
					t.Errorf("%q with %q: exit code %d, want a violation:\n%s", l.args, l.with, code, out)
				}
			}
		})
	}
	if production < 6 || together < 4 {
		t.Errorf("%d breaks of production code, %d of several defences, want 6 and 4 at least", production, together)
	}
	t.Run("without a break", func(t *testing.T) {
		t.Parallel()
		shipped := workbench(t)
		for _, args := range searches {
			if code, out := explored(shipped, args); code != 0 {
				t.Errorf("%q: exit code %d\n%s", args, code, out)
			}
		}
	})
}

// productionBreaks are the patches that take something from production code, not from the engine.
func productionBreaks(t *testing.T) []string {
	t.Helper()
	patches, err := filepath.Glob(root + "/testdata/breaks/*.patch")
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(patches, func(p string) bool { return strings.HasPrefix(breakName(p), "engine-") })
}

func breakName(patch string) string { return strings.TrimSuffix(filepath.Base(patch), ".patch") }

// Where defences are gone that every order needs, the exhaustive search finds it in each of its scopes: none of them closes
// because there is nothing to see in it.
func TestABreakIsFoundInEveryScope(t *testing.T) {
	t.Parallel()
	scopes := 0
	for _, patch := range productionBreaks(t) {
		for _, l := range looks(t, patch) {
			if !l.every {
				continue
			}
			_, out := explored(workbench(t, "-overlay", overlay(t, append(l.with, patch)...)), l.args)
			if drawn := strings.Count(out, " shrunk from "); drawn > 1 {
				t.Errorf("%s: %d violations were made small: that of the first scope is enough", filepath.Base(patch), drawn)
			}
			name := ""
			for _, line := range strings.Split(out, "\n") {
				if _, rest, ok := strings.Cut(line, "  scenario "); ok && strings.HasPrefix(line, "design ") {
					name, _, _ = strings.Cut(rest, "  ")
				}
				verdict, _, ok := strings.Cut(line, " ledger, "+name+": ")
				if name == "" || !ok {
					continue
				}
				scopes++
				switch strings.TrimSpace(verdict) {
				case "violated", "stalled", "not-linearizable":
				default:
					t.Errorf("%s in scope %q: %s", breakName(patch), name, strings.TrimSpace(verdict))
				}
			}
		}
	}
	if scopes < 12 {
		t.Errorf("%d scopes were searched", scopes)
	}
}
