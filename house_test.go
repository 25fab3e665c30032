package stockproof_test

import (
	"cmp"
	"fmt"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// modulePath is the import path that every rule is relative to.
const modulePath = "stockproof"

// finding is one breach of a rule of the house, at the place where it stands.
type finding struct {
	file string // relative to the module's root
	line int
	rule string
}

func (f finding) String() string { return fmt.Sprintf("%s:%d: %s", f.file, f.line, f.rule) }

func TestEveryImportFollowsTheLayout(t *testing.T) {
	report(t, importFindings(t, ".", "./..."))
}

func TestProductionCodeTakesTimeConcurrencyAndChanceFromPorts(t *testing.T) {
	report(t, codeFindings(t, ".", strictPatterns(".")...))
}

func TestEveryPackageTeachesItsMentalModelInDocGo(t *testing.T) {
	report(t, docFindings(t, ".", "./...", "./testdata/scenarios"))
}

func report(t *testing.T, findings []finding) {
	t.Helper()
	for _, f := range findings {
		t.Error(f)
	}
}

// load lists the packages of the module in dir without their test files: what the rules govern is what ships.
func load(t *testing.T, dir string, mode packages.LoadMode, patterns ...string) []*packages.Package {
	t.Helper()
	config := &packages.Config{Mode: mode | packages.NeedName | packages.NeedFiles, Dir: dir, Fset: token.NewFileSet()}
	loaded, err := packages.Load(config, patterns...)
	if err != nil {
		t.Fatalf("load %v: %v", patterns, err)
	}
	kept := loaded[:0]
	for _, p := range loaded {
		for _, e := range p.Errors {
			t.Errorf("load %s: %v", p.PkgPath, e)
		}
		if len(p.GoFiles) > 0 {
			kept = append(kept, p)
		}
	}
	if len(kept) == 0 {
		t.Fatalf("%v matches no package: the test would pass without having looked", patterns)
	}
	return kept
}

// folder returns the package's path below the module's root, "" for the root and for what is outside.
func folder(importPath string) string {
	below, inside := strings.CutPrefix(importPath, modulePath+"/")
	if !inside {
		return ""
	}
	return below
}

// within is true for the folder itself and for everything below it.
func within(path string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(f string) bool {
		return path == f || strings.HasPrefix(path, f+"/")
	})
}

// findings collects breaches under paths relative to the module's root.
type findings struct {
	root  string
	found []finding
}

func collect(t *testing.T, dir string) *findings {
	t.Helper()
	root, err := filepath.Abs(dir)
	if err == nil {
		root, err = filepath.EvalSymlinks(root)
	}
	if err != nil {
		t.Fatal(err)
	}
	return &findings{root: root}
}

func (c *findings) add(at token.Position, format string, args ...any) {
	c.found = append(c.found, finding{c.relative(at.Filename), at.Line, fmt.Sprintf(format, args...)})
}

func (c *findings) relative(file string) string {
	if path, err := filepath.Rel(c.root, file); err == nil {
		return filepath.ToSlash(path)
	}
	return file
}

func (c *findings) sorted() []finding {
	slices.SortFunc(c.found, func(a, b finding) int {
		return cmp.Or(cmp.Compare(a.file, b.file), cmp.Compare(a.line, b.line), cmp.Compare(a.rule, b.rule))
	})
	return c.found
}

// exists is true for a folder that is there with at least one entry.
func exists(dir string) bool {
	entries, err := os.ReadDir(dir)
	return err == nil && len(entries) > 0
}
