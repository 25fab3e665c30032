package workload

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"stockproof/checks"
	"stockproof/model"
	"stockproof/sim/random"
)

const samplePath = "../../testdata/workloads/online-retail-sample.csv"

func imported(t *testing.T, path string) Workload {
	t.Helper()
	w, err := Import(path, ImportOptions{Supply: DefaultSupply()})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Check(); err != nil {
		t.Fatal(err)
	}
	return w
}

// files are the sample and, where STOCKPROOF_WORKLOAD names it, the whole month.
func files() []string {
	if path := os.Getenv("STOCKPROOF_WORKLOAD"); path != "" {
		return []string{samplePath, path}
	}
	return []string{samplePath}
}

// pairs counts the (invoice, SKU) pairs that occur more than once, as orders, returns and adjustments.
func pairs(w Workload) (repeated int) {
	count := map[[2]string]int{}
	for _, s := range w.Steps {
		for _, l := range s.Order.Lines {
			count[[2]string{s.Name, string(l.SKU)}]++
		}
		switch s.Kind {
		case StepReturn:
			count[[2]string{s.Name, string(s.Return.SKU)}]++
		case StepAdjust:
			count[[2]string{s.Name, string(s.Command.SKU)}]++
		}
	}
	for _, n := range count {
		if n > 1 {
			repeated++
		}
	}
	return repeated
}

func count(w Workload, k StepKind) (n int) {
	for _, s := range w.Steps {
		if s.Kind == k {
			n++
		}
	}
	return n
}

// The sample holds what a workload must survive (testdata/workloads/README.md).
func TestImportOfTheSample(t *testing.T) {
	w := imported(t, samplePath)
	if count(w, StepCommit) != w.Orders() {
		t.Errorf("%d commits of %d orders", count(w, StepCommit), w.Orders())
	}
	for _, sku := range []model.SKU{"72803b", "72803B", "BANK CHARGES", "POST"} {
		if !slices.Contains(w.SKUs(), sku) {
			t.Errorf("SKU %q is missing", sku)
		}
	}
	first := w.Steps[0]
	if first.Name != "536365" || first.Line != 2 || first.Order.Policy != model.Partial ||
		first.Order.Lines[0].SKU != "85123A" || first.Order.Lines[0].Qty != 6 || w.Steps[1].Kind != StepCommit || !slices.Equal(w.Steps[1].After, []int{0}) {
		t.Errorf("first steps %+v, %+v", first, w.Steps[1])
	}
	demand := map[model.SKU]int64{}
	for _, s := range w.Steps {
		for _, l := range s.Order.Lines {
			demand[l.SKU] += l.Qty
		}
	}
	for _, s := range w.Supply {
		if want := (9*demand[s.Lane.SKU] + 9) / 10; s.Units != want {
			t.Errorf("initial stock of %q is %d, want %d", s.Lane.SKU, s.Units, want)
		}
		delete(demand, s.Lane.SKU)
	}
	if len(demand) > 0 {
		t.Errorf("no initial stock for %v", demand)
	}
	if again := imported(t, samplePath); digest(again) != digest(w) {
		t.Error("the same file makes another workload")
	}
}

// Nothing of a file is lost on the way: of the sample, and of the month where it is there.
func TestImportKeepsEveryLine(t *testing.T) {
	want := []string{"500 lines, 11 repeated pairs, 9 adjusts",
		"42481 lines, 2822 SKUs, 871 repeated pairs, 728 returns, 70 adjusts"}
	for i, path := range files() {
		w := imported(t, path)
		lines := w.Lines() + count(w, StepReturn) + count(w, StepAdjust)
		got := fmt.Sprintf("%d lines, %d repeated pairs, %d adjusts", lines, pairs(w), count(w, StepAdjust))
		if i == 1 {
			got = fmt.Sprintf("%d lines, %d SKUs, %d repeated pairs, %d returns, %d adjusts", lines, len(w.SKUs()), pairs(w),
				count(w, StepReturn), count(w, StepAdjust))
		}
		if got != want[i] {
			t.Errorf("%s: %s, want %s", path, got, want[i])
		}
	}
}

// What is wrong with a file is said with its name and the line.
func TestBadWorkloadFilesAreRefusedByLine(t *testing.T) {
	const head = "InvoiceNo,StockCode,Quantity,InvoiceDate,CustomerID\n"
	const good = "1,A,1,2010-12-01,7\n"
	for _, c := range []struct{ text, want string }{
		{"", "x.csv: is empty"},
		{head, "x.csv: has a header and no lines"},
		{"InvoiceNo,StockCode,InvoiceDate\n1,A,x\n",
			"x.csv:1: column Quantity is missing, the header has InvoiceNo, StockCode, InvoiceDate"},
		{"InvoiceNo,InvoiceNo,StockCode,Quantity,InvoiceDate\n", "x.csv:1: column InvoiceNo stands twice"},
		{head + good + "1,B,x,2010-12-01,7\n", `x.csv:3: Quantity "x" is not a whole number of units`},
		{head + good + "1,B,1.5,2010-12-01,7\n", `x.csv:3: Quantity "1.5" is not a whole number of units`},
		{head + good + "1,B,0x2,2010-12-01,7\n", `x.csv:3: Quantity "0x2" is not a whole number of units`},
		{head + good + "1,B,1e1,2010-12-01,7\n", `x.csv:3: Quantity "1e1" is not a whole number of units`},
		{head + good + "1,B,+1,2010-12-01,7\n", `x.csv:3: Quantity "+1" is not a whole number of units`},
		{head + good + "1,B, 1,2010-12-01,7\n", `x.csv:3: Quantity " 1" is not a whole number of units`},
		{head + good + "1,B,,2010-12-01,7\n", `x.csv:3: Quantity "" is not a whole number of units`},
		{head + good + "1,B,0,2010-12-01,7\n", `x.csv:3: Quantity "0": a line without units`},
		{head + good + "C1,B,0,2010-12-01,7\n", `x.csv:3: Quantity "0": a line without units`},
		{head + good + "1,B,1000000001,2010-12-01,7\n", `x.csv:3: Quantity "1000000001" is outside -1000000000..1000000000`},
		{head + good + "1,B,99999999999999999999,2010-12-01,7\n", `x.csv:3: Quantity "99999999999999999999" is outside`},
		{head + good + "1,B,-1000000001,2010-12-01,7\n", "x.csv:3: Quantity"},
		{head + good + "1,B,1,2010-12-01\n", "x.csv:3: has another number of fields than the header, which has 5"},
		{head + good + "1,B,1,2010-12-01,7,8\n", "x.csv:3: has another number of fields than the header, which has 5"},
		{head + good + "1,\"B,1,2010-12-01,7\n", `x.csv:`},
		{head + good + "1,B\"C,1,2010-12-01,7\n", `x.csv:3: bare " in non-quoted-field`},
		{head + good + ",B,1,2010-12-01,7\n", "x.csv:3: InvoiceNo is empty"},
		{head + good + "1,B\xff,1,2010-12-01,7\n", "x.csv:3: StockCode: sku"},
		{head + good + "1,B\x00,1,2010-12-01,7\n", "x.csv:3: StockCode: sku"},
		{head + good + "1," + strings.Repeat("B", 513) + ",1,2010-12-01,7\n", "x.csv:3: StockCode: sku: 513 bytes"},
		{head + strings.Repeat("1,B,1,2010-12-01,7\n", 1001), "x.csv:1002: order 1 has more than 1000 lines"},
		{head + good + "1,B,1,notadate,7\n", `x.csv:3: InvoiceDate "notadate" is not a time, like 2006-01-02 15:04:05`},
		{head + good + "C1,B,-1,2010-13-01,7\n", `x.csv:3: InvoiceDate "2010-13-01" is not a time`},
		{head + good + "1,B,1,,7\n", `x.csv:3: InvoiceDate "" is not a time`},
	} {
		_, err := ReadWorkload("x.csv", strings.NewReader(c.text), ImportOptions{Supply: DefaultSupply()})
		var input *checks.InputError
		if !errors.As(err, &input) || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("%.80q: %v, want %s", c.text, err, c.want)
		}
	}
}

// Positive lines are the order, negative ones of the same invoice adjustments; a C invoice returns.
func TestLinesBecomeOrdersReturnsAndAdjustments(t *testing.T) {
	text := "\ufeffqty,who,what\r\n2,1,a\r\n-3,1,a\r\n4,1,A\r\n-1,C2,a\r\n5,3,\" a\"\r\n7,1,a\r\n"
	w, err := ReadWorkload("x.csv", strings.NewReader(text), ImportOptions{Columns: Columns{Order: "who", SKU: "what", Qty: "qty"}, Supply: random.Ratio{Num: 1, Den: 2}, Clients: 3})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Check(); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range w.Steps {
		text := fmt.Sprintf("%s %s %v", s.Kind, s.Name, s.After)
		for _, l := range s.Order.Lines {
			text += fmt.Sprintf(" %d %q", l.Qty, l.SKU)
		}
		got = append(got, text+fmt.Sprint(s.Command.Delta.Value+s.Return.Qty))
	}
	want := []string{`checkout 1 [] 2 "a" 4 "A" 7 "a"0`, "commit 1 [0]0", "adjust 1 [0 1]-3",
		"return C2 [2]1", `checkout 3 [] 5 " a"0`, "commit 3 [4]0"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if fmt.Sprint(w.Supply) != "[{{a main} 5} {{A main} 2} {{ a main} 3}]" || w.Clients != 3 {
		t.Errorf("supply %v, clients %d", w.Supply, w.Clients)
	}
}

func TestImportUnpacksAndNamesWhatItCannotRead(t *testing.T) {
	text, err := os.ReadFile(samplePath)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(text)
	z.Close()
	dir := t.TempDir()
	write := func(name string, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	whole, plain := imported(t, write("whole.csv.gz", packed.Bytes())), imported(t, samplePath)
	if whole.Lines() != plain.Lines() || len(whole.Steps) != len(plain.Steps) {
		t.Errorf("unpacked to %d lines, %d steps", whole.Lines(), len(whole.Steps))
	}
	for path, want := range map[string]string{
		write("cut.csv.gz", packed.Bytes()[:packed.Len()/2]): "the file cannot be read behind this line: unexpected EOF",
		write("plain.csv.gz", text):                          "unpack: gzip: invalid header",
		filepath.Join(dir, "absent.csv"):                     "absent.csv: no such file or directory",
	} {
		_, err := Import(path, ImportOptions{})
		var input *checks.InputError
		if !errors.As(err, &input) || !strings.HasPrefix(err.Error(), path+":") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestParseColumns(t *testing.T) {
	c, err := ParseColumns("order=a,sku=b,qty=c,time=d")
	if err != nil || c != (Columns{"a", "b", "c", "d"}) {
		t.Errorf("%+v, %v", c, err)
	}
	for _, s := range []string{"", "order", "order=a", "order=a,sku=b", "order=a,sku=b,qty=c,qty=d",
		"order=a,sku=b,qty=", "order=a,sku=b,qty=c,colour=d"} {
		if c, err := ParseColumns(s); err == nil {
			t.Errorf("%q reads %+v", s, c)
		}
	}
}

// An amount above the largest quantity of one command comes in several.
func TestSupplyAboveTheLargestQuantityComesInSeveralParts(t *testing.T) {
	w := Workload{Supply: []Initial{{LaneOf("A"), 2*model.MaxQuantity + 1}}}
	steps := w.SupplySteps()
	total := int64(0)
	for _, s := range steps {
		total += s.Command.Qty
	}
	if len(steps) != 3 || total != 2*model.MaxQuantity+1 {
		t.Errorf("%+v", steps)
	}
}
