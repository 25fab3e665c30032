package stockproof_test

import (
	"go/ast"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// strictFolders hold the code that a simulator schedules: one goroutine at a time, no clock, no chance, the same every time.
// The commands of Redis are among it because the servers in memory are built from them.
var strictFolders = []string{"model", "inventory", "adapters/memory", "adapters/redis/command"}

// plainGate is the one file below them that serves ordinary goroutines: a mutex and a condition variable, in place of
// the simulator's gate.
const plainGate = "adapters/memory/plain.go"

// allowedPackages are what strict code may import besides its own folders. Whatever is not here might start a goroutine, read a
// clock or hand out an order of chance behind a function's name: a package comes onto the list when somebody has read it.
var allowedPackages = []string{
	"bufio", "bytes", "cmp", "context", "crypto/sha1", "crypto/sha256", "embed", "encoding/base64", "encoding/binary", "encoding/hex",
	"encoding/json", "errors", "fmt", "hash", "hash/fnv", "io", "iter", "maps", "math", "math/bits", "reflect", "regexp", "slices", "sort",
	"strconv", "strings", "time", "unicode", "unicode/utf16", "unicode/utf8",
	"github.com/google/uuid", "github.com/yuin/gopher-lua", "github.com/yuin/gopher-lua/parse",
}

// forbiddenPackages says of the likeliest others what to do instead.
var forbiddenPackages = map[string]string{
	"sync":                       "whoever schedules this code runs one actor at a time",
	"sync/atomic":                "whoever schedules this code runs one actor at a time",
	"golang.org/x/sync/errgroup": "concurrency comes from port.Runtime's Group",
	"math/rand":                  "jitter comes from port.Runtime, identity from the client",
	"math/rand/v2":               "jitter comes from port.Runtime, identity from the client",
	"crypto/rand":                "jitter comes from port.Runtime, identity from the client",
	"hash/maphash":               "its seed is random in every process",
}

// plainSync is what plainGate may take from package sync.
var plainSync = []string{"Mutex", "Cond", "NewCond"}

// forbiddenNames are package-level functions that strict code must not use, called or passed on, and why.
var forbiddenNames = map[string]map[string]string{
	"time": reasons("time comes from port.Runtime",
		"Now", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker", "Since", "Until"),
	"context": reasons("it starts a timer of the process or a goroutine; time and concurrency come from port.Runtime",
		"AfterFunc", "WithTimeout", "WithTimeoutCause", "WithDeadline", "WithDeadlineCause"),
	"iter":    reasons("it runs a coroutine; concurrency comes from port.Runtime's Group", "Pull", "Pull2"),
	"maps":    reasons("its order is chance; keep the keys in a slice", "All", "Keys", "Values", "DeleteFunc", "EqualFunc"),
	"reflect": reasons("hand-over comes from port.Runtime's Mailbox", "ChanOf", "MakeChan", "Select"),
}

// forbiddenMethods are likewise methods, by their full name.
var forbiddenMethods = map[string]string{
	"(reflect.Value).MapKeys":  "its order is chance; keep the keys in a slice",
	"(reflect.Value).MapRange": "its order is chance; keep the keys in a slice",
	"(reflect.Value).Seq":      "over a map its order is chance; keep the keys in a slice",
	"(reflect.Value).Seq2":     "over a map its order is chance; keep the keys in a slice",
	"(reflect.Value).Send":     "hand-over comes from port.Runtime's Mailbox",
	"(reflect.Value).TrySend":  "hand-over comes from port.Runtime's Mailbox",
	"(reflect.Value).Recv":     "hand-over comes from port.Runtime's Mailbox",
	"(reflect.Value).TryRecv":  "hand-over comes from port.Runtime's Mailbox",
}

func reasons(why string, names ...string) map[string]string {
	m := make(map[string]string, len(names))
	for _, name := range names {
		m[name] = why
	}
	return m
}

// namedUUIDs are the constructors of google/uuid whose result follows from their arguments. All others read a clock or chance.
var namedUUIDs = []string{"NewSHA1", "NewMD5", "NewHash"}

func strictPatterns(dir string) (patterns []string) {
	for _, f := range strictFolders {
		if exists(filepath.Join(dir, f)) {
			patterns = append(patterns, "./"+f+"/...")
		}
	}
	return patterns
}

// codeFindings type-checks the packages and walks every file of theirs.
func codeFindings(t *testing.T, dir string, patterns ...string) []finding {
	c := collect(t, dir)
	const mode = packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports
	for _, p := range load(t, dir, mode, patterns...) {
		for _, file := range p.Syntax {
			w := &walker{findings: c, fset: p.Fset, info: p.TypesInfo, folder: folder(p.PkgPath)}
			w.plain = c.relative(p.Fset.File(file.Pos()).Name()) == plainGate
			for _, spec := range file.Imports {
				w.importSpec(spec)
			}
			ast.Inspect(file, w.node)
		}
	}
	return c.sorted()
}

// walker looks at one file.
type walker struct {
	*findings
	fset   *token.FileSet
	info   *types.Info
	folder string
	plain  bool                // the file is plainGate
	sorted []*ast.SelectorExpr // maps.Keys and its like that were seen as the argument of slices.Sorted
}

func (w *walker) breach(n ast.Node, format string, args ...any) {
	w.add(w.fset.Position(n.Pos()), format, args...)
}

func (w *walker) importSpec(spec *ast.ImportSpec) {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil || w.plain && path == "sync" {
		return
	}
	why, named := forbiddenPackages[path]
	switch {
	case named:
		w.breach(spec, "imports %s: %s", path, why)
	case slices.Contains(allowedPackages, path), within(folder(path), strictFolders...):
	case forbiddenImport(w.folder, path) != "": // the layout refuses it already
	default:
		w.breach(spec, "imports %s: nobody has vouched that it starts no goroutine, reads no clock and is no chance", path)
	}
}

func (w *walker) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.GoStmt:
		w.breach(n, "go statement: concurrency comes from port.Runtime's Group")
	case *ast.SelectStmt:
		w.breach(n, "select: which case runs is chance")
	case *ast.ChanType:
		w.breach(n, "channel type: hand-over comes from port.Runtime's Mailbox")
	case *ast.SendStmt:
		w.breach(n, "send on a channel: hand-over comes from port.Runtime's Mailbox")
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			w.breach(n, "receive from a channel: hand-over comes from port.Runtime's Mailbox")
		}
	case *ast.RangeStmt:
		w.rangeOver(n)
	case *ast.CallExpr:
		w.call(n)
	case *ast.Ident:
		w.use(n)
	}
	return true
}

func (w *walker) rangeOver(n *ast.RangeStmt) {
	over := w.info.TypeOf(n.X)
	switch {
	case has[*types.Map](over):
		w.breach(n, "range over a map: its order is chance; keep the keys in a slice")
	case has[*types.Chan](over):
		w.breach(n, "range over a channel: hand-over comes from port.Runtime's Mailbox")
	}
}

func (w *walker) call(n *ast.CallExpr) {
	if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok && len(n.Args) > 0 {
		builtin, _ := w.info.Uses[id].(*types.Builtin)
		// make(chan T) shows its channel type; a named one does not.
		if builtin != nil && builtin.Name() == "make" && has[*types.Chan](w.info.TypeOf(n.Args[0])) {
			w.breach(n, "make of a channel: hand-over comes from port.Runtime's Mailbox")
		}
		if builtin != nil && builtin.Name() == "close" {
			w.breach(n, "close of a channel: hand-over comes from port.Runtime's Mailbox")
		}
	}
	w.sortedKeys(n)
}

// sortedKeys remembers maps.Keys(m) inside slices.Sorted(maps.Keys(m)): there the order is no longer the map's.
func (w *walker) sortedKeys(n *ast.CallExpr) {
	outer, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr)
	if !ok || len(n.Args) == 0 {
		return
	}
	sorts, _ := w.info.Uses[outer.Sel].(*types.Func)
	if sorts == nil || sorts.Pkg() == nil || sorts.Pkg().Path() != "slices" || sorts.Name() != "Sorted" {
		return
	}
	if keys, ok := ast.Unparen(n.Args[0]).(*ast.CallExpr); ok {
		if inner, ok := ast.Unparen(keys.Fun).(*ast.SelectorExpr); ok {
			w.sorted = append(w.sorted, inner)
		}
	}
}

// use looks at every mention of what a package declares, called or passed on, under whatever import name.
func (w *walker) use(id *ast.Ident) {
	object := w.info.Uses[id]
	if object == nil || object.Pkg() == nil {
		return
	}
	path, name := object.Pkg().Path(), object.Name()
	if path == "sync" && object.Parent() == object.Pkg().Scope() && !slices.Contains(plainSync, name) {
		w.breach(id, "sync.%s: a gate needs a mutex and a condition variable", name)
	}
	fn, ok := object.(*types.Func)
	if !ok {
		return
	}
	if fn.Signature().Recv() != nil {
		if why, forbidden := forbiddenMethods[fn.FullName()]; forbidden {
			w.breach(id, "%s: %s", fn.FullName(), why)
		}
		return
	}
	why, forbidden := forbiddenNames[path][name]
	switch {
	case path == "github.com/google/uuid":
		if strings.HasPrefix(name, "New") && !slices.Contains(namedUUIDs, name) {
			w.breach(id, "uuid.%s: ids come from the client or are uuid5 of what they name", name)
		}
	case !forbidden:
	case w.plain && path == "context" && name == "AfterFunc":
	case path == "maps" && slices.ContainsFunc(w.sorted, func(s *ast.SelectorExpr) bool { return s.Sel == id }):
	default:
		w.breach(id, "%s.%s: %s", path, name, why)
	}
}

// has is true when the type is, or a type parameter may be, of the kind T.
func has[T types.Type](t types.Type) bool {
	if t == nil {
		return false
	}
	if param, ok := t.(*types.TypeParam); ok {
		return someTerm(param.Constraint().Underlying().(*types.Interface), has[T])
	}
	_, ok := t.Underlying().(T)
	return ok
}

// someTerm is true when one of the types that the constraint admits satisfies is.
func someTerm(constraint *types.Interface, is func(types.Type) bool) bool {
	for embedded := range constraint.EmbeddedTypes() {
		switch e := embedded.(type) {
		case *types.Union:
			for term := range e.Terms() {
				if is(term.Type()) {
					return true
				}
			}
		default:
			if inner, ok := e.Underlying().(*types.Interface); ok {
				if someTerm(inner, is) {
					return true
				}
			} else if is(e) {
				return true
			}
		}
	}
	return false
}
