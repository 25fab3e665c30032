package explore_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Every break of the engine, or of the search on top of it, is caught by a self-test of theirs, the one that its header
// names: "# caught by: PACKAGE TEST". That the test passes without the break, its own run shows.
func TestBreaksOfTheEngineAreCaughtByItsSelfTests(t *testing.T) {
	t.Parallel()
	patches, err := filepath.Glob(root + "/testdata/breaks/engine-*.patch")
	if err != nil {
		t.Fatal(err)
	}
	if len(patches) < 4 {
		t.Errorf("%d breaks of the engine", len(patches))
	}
	for _, patch := range patches {
		t.Run(breakName(patch), func(t *testing.T) {
			t.Parallel()
			pkg, name := caughtBy(t, patch)
			test := exec.Command("go", "test", "-vet=off", "-ldflags=-s -w", "-overlay", overlay(t, patch), pkg, "-run", "^"+name+"$")
			test.Dir = root
			out, err := test.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: "+name) {
				t.Errorf("%s does not notice it: %v\n%s", name, err, out)
			}
		})
	}
}

// caughtBy is the package and the test that a patch's header says catches it.
func caughtBy(t *testing.T, patch string) (pkg, name string) {
	t.Helper()
	for _, line := range patchLines(t, patch) {
		if words, ok := strings.CutPrefix(line, "# caught by: "); ok {
			if pkg, name, ok = strings.Cut(words, " "); ok {
				return pkg, name
			}
		}
	}
	t.Fatalf("%s does not say what catches it", patch)
	return "", ""
}
