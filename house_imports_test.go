package stockproof_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// importFindings checks every import of the packages against forbiddenImport, and that none uses dot imports.
func importFindings(t *testing.T, dir string, patterns ...string) []finding {
	c := collect(t, dir)
	for _, p := range load(t, dir, 0, patterns...) {
		for _, file := range p.GoFiles {
			fset := token.NewFileSet()
			for _, spec := range parse(t, fset, file, parser.ImportsOnly).Imports {
				path, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				if why := forbiddenImport(folder(p.PkgPath), path); why != "" {
					c.add(fset.Position(spec.Pos()), "imports %s: %s", path, why)
				}
			}
		}
	}
	return c.sorted()
}

// forbiddenImport says why the package in folder from must not import the path, or "".
func forbiddenImport(from, path string) (why string) {
	to := folder(path)
	switch {
	case within(from, "model"):
		if !standard(path) && path != "github.com/google/uuid" && !within(to, "model") {
			return "model is pure: the standard library and google/uuid only"
		}
	case within(from, "inventory"):
		if !standard(path) && !within(to, "model", "inventory") {
			return "inventory is written against its ports: the standard library, model and inventory only"
		}
	case within(from, "adapters"):
		if within(to, "sim", "checks", "cmd") || design(to) {
			return "adapters implement ports and know neither who calls them nor who judges them"
		}
	case within(from, "sim", "checks"):
		if design(to) {
			return "nothing in sim or checks names a design"
		}
	}
	if within(to, "sim") && !within(from, "sim", "cmd/sim") {
		return "only tests and cmd/sim import sim"
	}
	if within(to, "cmd") && !within(from, "cmd") {
		return "commands are wired from packages, not the other way round"
	}
	return ""
}

// design is true for the folders of inventory that hold one protocol each: all but the ports that they share.
func design(path string) bool {
	return within(path, "inventory") && path != "inventory" && !within(path, "inventory/port")
}

// standard is true for the standard library: the first element of every other path but ours names a host.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != modulePath
}

// docFindings checks that each package has a doc.go with the package's comment.
func docFindings(t *testing.T, dir string, patterns ...string) []finding {
	c := collect(t, dir)
	for _, p := range load(t, dir, 0, patterns...) {
		doc := filepath.Join(filepath.Dir(p.GoFiles[0]), "doc.go")
		lacks := true
		for _, file := range p.GoFiles {
			if file != doc {
				continue
			}
			comment := parse(t, token.NewFileSet(), file, parser.PackageClauseOnly|parser.ParseComments).Doc.Text()
			opening := "Package " + p.Name + " "
			if p.Name == "main" {
				opening = "Command " + filepath.Base(filepath.Dir(doc)) + " "
			}
			lacks = !strings.HasPrefix(comment, opening)
		}
		if lacks {
			c.add(token.Position{Filename: doc, Line: 1}, "no comment there that introduces package %s", p.PkgPath)
		}
	}
	return c.sorted()
}

func parse(t *testing.T, fset *token.FileSet, file string, mode parser.Mode) *ast.File {
	t.Helper()
	syntax, err := parser.ParseFile(fset, file, nil, mode)
	if err != nil {
		t.Fatal(err)
	}
	return syntax
}
