package stockproof_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// breaches is a module of the same layout in which every rule is broken. A line that a rule must report ends in "// want"
// and the beginning of the report; every other line must pass.
var breaches = map[string]string{
	"go.mod": `module stockproof
go 1.26
require (
	github.com/google/uuid v1.6.0
	example.com/elsewhere v1.0.0
	golang.org/x/sync v0.0.0
)
replace github.com/google/uuid => ./replaced/uuid
replace golang.org/x/sync => ./replaced/sync
replace example.com/elsewhere => ./replaced/elsewhere
`,
	"replaced/uuid/go.mod": "module github.com/google/uuid\n",
	"replaced/uuid/uuid.go": `package uuid
type UUID [16]byte
func New() (u UUID) { return }
func NewString() string { return "" }
func NewRandom() (u UUID, err error) { return }
func NewV7() (u UUID, err error) { return }
func NewSHA1(space UUID, data []byte) (u UUID) { return }
`,
	"replaced/sync/go.mod":            "module golang.org/x/sync\n",
	"replaced/sync/errgroup/group.go": "package errgroup\n",
	"replaced/elsewhere/go.mod":       "module example.com/elsewhere\n",
	"replaced/elsewhere/e.go":         "package elsewhere\n",

	"model/doc.go": "// Package model is the domain.\npackage model\n",
	"model/imports.go": `package model
import (
	_ "strings"
	_ "github.com/google/uuid"
	_ "example.com/elsewhere" // want imports example.com/elsewhere: model is pure
	_ "stockproof/inventory/port" // want imports stockproof/inventory/port: model is pure
)
`,
	"model/time.go": `package model
import (
	clock "time"
	"context"
)
const second = clock.Second
var now = clock.Now // want time.Now:
func f(ctx context.Context) {
	clock.Sleep(second) // want time.Sleep:
	_ = clock.After // want time.After:
	_ = clock.AfterFunc // want time.AfterFunc:
	_ = clock.Tick // want time.Tick:
	_ = clock.NewTimer // want time.NewTimer:
	_ = clock.NewTicker // want time.NewTicker:
	_ = clock.Since(now()) // want time.Since:
	_ = clock.Until(now()) // want time.Until:
	_ = now().After(now()) // a method of an instant that somebody gave us
	ctx, cancel := context.WithTimeout(ctx, second) // want context.WithTimeout:
	defer cancel()
	_, stop := context.WithCancel(ctx)
	defer stop()
	context.AfterFunc(ctx, stop) // want context.AfterFunc:
}
`,
	"model/dot.go": `package model
import . "time"
var today = Now() // want time.Now:
`,
	"model/chance.go": `package model
import (
	_ "math/rand" // want imports math/rand:
	_ "math/rand/v2" // want imports math/rand/v2:
	_ "crypto/rand" // want imports crypto/rand:
	_ "hash/maphash" // want imports hash/maphash:
	_ "sync" // want imports sync:
	_ "sync/atomic" // want imports sync/atomic:
	"github.com/google/uuid"
)
func ids() {
	_ = uuid.New() // want uuid.New:
	_ = uuid.NewString // want uuid.NewString:
	_, _ = uuid.NewRandom() // want uuid.NewRandom:
	_, _ = uuid.NewV7() // want uuid.NewV7:
	_ = uuid.NewSHA1(uuid.UUID{}, nil)
}
`,
	"model/maps.go": `package model
import (
	"maps"
	"slices"
)
type stock map[string]int
func order[M ~map[K]V, K comparable, V any](m stock, generic M, s []int) {
	for range m { // want range over a map
	}
	for range generic { // want range over a map
	}
	for range maps.Keys(m) { // want maps.Keys:
	}
	for range maps.All(m) { // want maps.All:
	}
	_ = slices.Collect(maps.Values(m)) // want maps.Values:
	maps.DeleteFunc(m, func(string, int) bool { return false }) // want maps.DeleteFunc:
	_ = maps.EqualFunc(m, m, func(a, b int) bool { return a == b }) // want maps.EqualFunc:
	_ = maps.Clone(m)
	for range slices.Sorted(maps.Keys(m)) {
	}
	for range s {
	}
	for range 3 {
	}
	_ = m["one"]
}
`,
	"model/reflected.go": `package model
import (
	"iter"
	"reflect"
	_ "os" // want imports os: nobody has vouched
)
func helped(v reflect.Value, s iter.Seq[int], p iter.Seq2[int, int]) {
	_ = v.MapKeys() // want (reflect.Value).MapKeys:
	_ = v.MapRange // want (reflect.Value).MapRange:
	_ = v.Seq() // want (reflect.Value).Seq:
	v.Send(v) // want (reflect.Value).Send:
	_, _ = v.Recv() // want (reflect.Value).Recv:
	_ = reflect.MakeChan // want reflect.MakeChan:
	_, _, _ = reflect.Select(nil) // want reflect.Select:
	_ = v.Len()
	_, stop := iter.Pull(s) // want iter.Pull:
	_, stop = iter.Pull2(p) // want iter.Pull2:
	stop()
}
`,
	"model/orders_test.go": "package model\nimport _ \"sync\"\nvar _ = func() { go func() {}() }\n",

	"inventory/doc.go":      "// Package inventory is the production code.\npackage inventory\n",
	"inventory/port/doc.go": "// Package port holds the ports.\npackage port\n",
	"inventory/port/pipe.go": `package port
type Pipe chan int // want channel type
`,
	"inventory/concurrency.go": `package inventory
import (
	_ "stockproof/model"
	_ "stockproof/adapters/live" // want imports stockproof/adapters/live: inventory is written against its ports
	_ "example.com/elsewhere" // want imports example.com/elsewhere: inventory is written against its ports
	"stockproof/inventory/port"
)
func run(p port.Pipe) {
	go run(p) // want go statement
	p <- 1 // want send on a channel
	_ = <-p // want receive from a channel
	for range p { // want range over a channel
	}
	p = make(port.Pipe) // want make of a channel
	close(p) // want close of a channel
	select {} // want select:
}
`,
	"inventory/ledger/doc.go":  "// Package ledger is a design.\npackage ledger\n",
	"inventory/ledger/sim.go":  "package ledger\nimport _ \"stockproof/sim\" // want imports stockproof/sim: inventory is written\n",
	"inventory/article/doc.go": "// Package article is a design.\npackage article\n",

	"adapters/live/doc.go": "// Package live may use what the language has.\npackage live\n",
	"adapters/live/live.go": `package live
import (
	_ "sync"
	"time"
	_ "stockproof/inventory/port"
)
var Now = time.Now
func Go(fn func()) { go fn() }
`,
	"adapters/memory/doc.go": "// Package memory is deterministic.\npackage memory\n",
	"adapters/memory/plain.go": `package memory
import (
	"context"
	"sync"
	_ "sync/atomic" // want imports sync/atomic:
	"time"
)
var (
	mu sync.Mutex
	moved = sync.NewCond(&mu)
	group sync.WaitGroup // want sync.WaitGroup:
	once = sync.OnceFunc(func() {}) // want sync.OnceFunc:
)
func wait(ctx context.Context, wake func()) {
	defer context.AfterFunc(ctx, wake)()
	time.Sleep(1) // want time.Sleep:
	go wake() // want go statement
}
`,
	"adapters/memory/gate.go": `package memory
import (
	_ "sync" // want imports sync:
	_ "stockproof/inventory/ledger" // want imports stockproof/inventory/ledger: adapters implement ports
	_ "stockproof/checks" // want imports stockproof/checks: adapters implement ports
	_ "example.com/elsewhere" // want imports example.com/elsewhere: nobody has vouched
	_ "golang.org/x/sync/errgroup" // want imports golang.org/x/sync/errgroup:
	_ "runtime" // want imports runtime: nobody has vouched
	_ "stockproof/adapters/live" // want imports stockproof/adapters/live: nobody has vouched
	_ "stockproof/adapters/redis/command"
)
`,
	"adapters/redis/command/doc.go": "// Package command is strict because memory imports it.\npackage command\nimport _ \"sync\" // want imports sync:\n",
	"adapters/memory/lua/lua.go": `package lua // the folder lacks a doc.go
func cached(m map[int]int) {
	for range m { // want range over a map
	}
}
`,
	"checks/doc.go": "// Package checks judges.\npackage checks\n",
	"checks/names.go": "package checks\nimport _ \"stockproof/inventory\"\nimport _ \"stockproof/inventory/article\" " +
		"// want imports stockproof/inventory/article: nothing in sim or checks names a design\n",
	"sim/doc.go":       "// Package sim is the engine.\npackage sim\n",
	"sim/sim.go":       "package sim\nimport _ \"stockproof/adapters/live\"\n",
	"sim/tier/doc.go":  "// Package tier drives.\npackage tier\nimport _ \"stockproof/sim\"\n",
	"sim/sim_test.go":  "package sim_test\nimport _ \"stockproof/inventory/ledger\"\n",
	"cmd/sim/doc.go":   "// Command sim is the workbench.\npackage main\n",
	"cmd/sim/main.go":  "package main\nimport (\n_ \"stockproof/sim/tier\"\n_ \"stockproof/inventory/article\"\n)\nfunc main() {}\n",
	"cmd/other/doc.go": "// It has a comment that does not name it.\npackage main\n",
	"cmd/other/main.go": "package main\nimport _ \"stockproof/sim/tier\" " +
		"// want imports stockproof/sim/tier: only tests and cmd/sim import sim\nfunc main() {}\n",
}

// TestEachRuleReportsItsBreach runs the checks on the module above: a rule that reports nothing proves nothing.
func TestEachRuleReportsItsBreach(t *testing.T) {
	dir := t.TempDir()
	wanted := []string{
		"adapters/memory/lua/doc.go:1: no comment there that introduces package stockproof/adapters/memory/lua",
		"cmd/other/doc.go:1: no comment there that introduces package stockproof/cmd/other",
	}
	want := regexp.MustCompile(`// want (.*)$`)
	for name, source := range breaches {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(source), 0o644); err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(source, "\n") {
			if m := want.FindStringSubmatch(line); m != nil {
				wanted = append(wanted, fmt.Sprintf("%s:%d: %s", name, i+1, m[1]))
			}
		}
	}
	t.Setenv("GOFLAGS", "-mod=mod")
	t.Setenv("GOWORK", "off")
	found := slices.Concat(
		importFindings(t, dir, "./..."),
		codeFindings(t, dir, strictPatterns(dir)...),
		docFindings(t, dir, "./..."))

	for _, f := range found {
		text := f.String()
		i := slices.IndexFunc(wanted, func(w string) bool { return strings.HasPrefix(text, w) })
		if i < 0 {
			t.Errorf("reported without being a breach: %s", text)
			continue
		}
		wanted = slices.Delete(wanted, i, i+1)
	}
	for _, w := range wanted {
		t.Errorf("not reported: %s", w)
	}
}
