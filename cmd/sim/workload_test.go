package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

const sample = "../../testdata/workloads/online-retail-sample.csv"

// repeats is what a file says about lines that repeat a SKU of their invoice, counted here and not by
// the importer. The article gives an order one token per SKU, so that of such lines the first one that
// is granted is the last one that is decided.
type repeats struct {
	lines, pairs int            // of the whole file; (invoice, SKU) pairs that occur more than once
	may          map[string]int // "order O: line of Q units of S", by how often it may be dropped
	most         int            // lines that may be dropped: all of a pair but one
	sure         map[string]int // pairs "order O, S" whose first line finds stock whoever comes before
	least        int            // lines of those that must be dropped
}

func countRepeats(t *testing.T, path string) repeats {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var r io.Reader = bufio.NewReader(f)
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	type pair struct{ invoice, sku string }
	ordered, all := map[pair][]int{}, map[pair]int{}
	demand, lost := map[string]int{}, map[string]int{}
	for _, row := range rows[1:] {
		at := pair{row[0], row[1]}
		qty, err := strconv.Atoi(row[2])
		if err != nil {
			t.Fatal(err)
		}
		all[at]++
		switch {
		case strings.HasPrefix(at.invoice, "C"):
		case qty < 0:
			lost[at.sku] -= qty
		default:
			ordered[at] = append(ordered[at], qty)
			demand[at.sku] += qty
		}
	}
	out := repeats{lines: len(rows) - 1, may: map[string]int{}, sure: map[string]int{}}
	for _, n := range all {
		if n > 1 {
			out.pairs++
		}
	}
	for at, lines := range ordered {
		if len(lines) < 2 {
			continue
		}
		own := 0
		for _, qty := range lines {
			own += qty
			out.may[fmt.Sprintf("order %s: line of %d units of %q", at.invoice, qty, at.sku)]++
		}
		out.most += len(lines) - 1
		initial := (9*demand[at.sku] + 9) / 10
		if initial-(demand[at.sku]-own)-lost[at.sku] >= lines[0] {
			out.sure[at.invoice+" "+at.sku] = len(lines) - 1
			out.least += len(lines) - 1
		}
	}
	return out
}

// checkLedger: real orders, too little stock, and every guarantee.
func checkLedger(t *testing.T, o outcome) {
	t.Helper()
	a := answerOf(t, o)
	if o.code != 0 || a.Result != "holds" || a.Orders.Granted == 0 || a.Orders.Rejected == 0 || a.Undecided != 0 {
		t.Errorf("exit %d: %+v\n%.4000s", o.code, a, o.errors)
	}
	if got, want := strings.Join(a.verdicts(), ", "), strings.Join(judged(), ", "); got != want {
		t.Errorf("guarantees %s, want %s", got, want)
	}
	if a.OrdersPerSec == 0 || a.PeakBytes == 0 {
		t.Errorf("%d orders/s, %d bytes", a.OrdersPerSec, a.PeakBytes)
	}
}

// checkArticle: the lines that the order-level token dropped are named, each of them, and no other.
func checkArticle(t *testing.T, o outcome, in repeats) {
	t.Helper()
	a := answerOf(t, o)
	if o.code != 1 || a.Result != "violated" {
		t.Fatalf("exit %d: %s\n%.4000s", o.code, a.Result, o.errors)
	}
	dropped, sure, may := 0, map[string]int{}, in.may
	for _, g := range a.Guarantees {
		if g.Name != "one-outcome" {
			continue
		}
		for _, why := range g.Findings {
			line, _, ok := strings.Cut(why, " was dropped as ALREADY_PROCESSED: the token of the order's other line")
			if !ok {
				continue
			}
			dropped++
			if may[line]--; may[line] < 0 {
				t.Errorf("%q repeats no line of the file", line)
			}
			order, rest, _ := strings.Cut(strings.TrimPrefix(line, "order "), ": line of ")
			_, quoted, _ := strings.Cut(rest, " units of ")
			sku, err := strconv.Unquote(quoted)
			if err != nil {
				t.Fatalf("%q names no SKU: %v", line, err)
			}
			sure[order+" "+sku]++
		}
	}
	if dropped < in.least || dropped > in.most || in.least == 0 {
		t.Errorf("%d lines were named as dropped, the file makes it %d to %d", dropped, in.least, in.most)
	}
	for pair, want := range in.sure {
		if sure[pair] != want {
			t.Errorf("invoice and SKU %s: %d lines were named as dropped, want %d", pair, sure[pair], want)
		}
	}
	t.Logf("%d of %d lines, in %d repeated pairs, were dropped", dropped, in.lines, in.pairs)
}

func TestLedgerHoldsOnTheSampleOfRealOrders(t *testing.T) {
	t.Parallel()
	checkLedger(t, invoke(t, patient("run", "--design", "ledger", "--workload", sample, "--seed", "3")...))
}

// What the article never decides costs its clients their patience each time, so that here it stays short.
func TestArticleDropsTheRepeatedLinesOfTheSample(t *testing.T) {
	t.Parallel()
	in := countRepeats(t, sample)
	if in.lines != 500 || in.pairs != 11 {
		t.Fatalf("%d lines, %d repeated pairs", in.lines, in.pairs)
	}
	checkArticle(t, invoke(t, "run", "--design", "article", "--workload", sample, "--seed", "3", "--json"), in)
}

// The whole month goes through the program as it is built for people: no race detector, a process of
// its own.
func TestTheMonth(t *testing.T) {
	t.Parallel()
	path := os.Getenv("STOCKPROOF_WORKLOAD")
	if path == "" {
		t.Skip("SKIPPED: needs the file of a month of real orders, which STOCKPROOF_WORKLOAD names; the committed sample was judged")
	}
	in := countRepeats(t, path)
	if in.lines != 42481 || in.pairs != 871 {
		t.Fatalf("%d lines, %d repeated pairs: not the month", in.lines, in.pairs)
	}
	bin := filepath.Join(t.TempDir(), "sim")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, ".").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	t.Run("ledger", func(t *testing.T) {
		checkLedger(t, execute(t, bin, patient("run", "--design", "ledger", "--workload", path, "--seed", "3")...))
	})
	t.Run("article", func(t *testing.T) {
		checkArticle(t, execute(t, bin, "run", "--design", "article", "--workload", path, "--seed", "3", "--settle", "30s",
			"--json"), in)
	})
}

func execute(t *testing.T, bin string, args ...string) outcome {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), 12*time.Minute)
	defer stop()
	var stdout, stderr bytes.Buffer
	c := exec.CommandContext(ctx, bin, args...)
	c.Stdout, c.Stderr = &stdout, &stderr
	var exit *exec.ExitError
	if err := c.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatalf("%s: %v", bin, err)
	}
	return outcome{c.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}
