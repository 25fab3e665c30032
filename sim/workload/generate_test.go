package workload

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"stockproof/model"
	"stockproof/sim/random"
)

func digest(w Workload) string {
	h := sha256.New()
	fmt.Fprintf(h, "%+v", w)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// Recorded seeds name workloads: neither a release of Go nor a change here may move them.
func TestGeneratedWorkloadsAreGolden(t *testing.T) {
	small := DefaultParams()
	small.Orders, small.SKUs, small.Clients = 200, 10, 4
	for _, c := range []struct {
		p    Params
		seed uint64
		want string
	}{{DefaultParams(), 1, "11ad7164bb5312b4"}, {small, 1, "35146ce1db028d97"}, {small, 2, "5e9bd7e3c5423e70"}} {
		w, err := Generate(c.p, c.seed)
		if err != nil {
			t.Fatal(err)
		}
		if got := digest(w); got != c.want {
			t.Errorf("%s\nseed %d: digest %s, want %s", c.p, c.seed, got, c.want)
		}
	}
}

// The defaults have the shape that line 1 of a run says they have.
func TestDefaultWorkloadHasTheShapeItPrints(t *testing.T) {
	p := DefaultParams()
	w, err := Generate(p, 3)
	if err != nil {
		t.Fatal(err)
	}
	hot, multi, units := 0, 0, map[model.SKU]int64{}
	kinds := map[StepKind]int{}
	for i, s := range w.Steps {
		kinds[s.Kind]++
		if s.Kind == StepCancel && (len(s.After) != 1 || w.Steps[s.After[0]].Order.ID != s.Order.ID || s.After[0] >= i) {
			t.Fatalf("cancel %+v does not wait for its order", s)
		}
		if s.Kind != StepCheckout {
			continue
		}
		if s.Order.Policy != model.Partial || len(s.Order.Lines) > 4 {
			t.Fatalf("order %+v", s.Order)
		}
		if len(s.Order.Lines) > 1 {
			multi++
		}
		var skus []model.SKU
		if s.Order.Lines[0].SKU == "SKU-1" {
			hot++
		}
		for _, l := range s.Order.Lines {
			if l.Qty < 1 || l.Qty > 5 || slices.Contains(skus, l.SKU) {
				t.Fatalf("order %+v", s.Order)
			}
			skus = append(skus, l.SKU)
			units[l.SKU] += l.Qty
		}
	}
	within := func(what string, n, of int, lo, hi float64) {
		if f := float64(n) / float64(of); f < lo || f > hi {
			t.Errorf("%s: %d of %d", what, n, of)
		}
	}
	within("hot first lines", hot, w.Orders(), 0.29, 0.31)
	within("multi-line orders", multi, w.Orders(), 0.19, 0.21)
	within("cancels", kinds[StepCancel], w.Orders(), 0.045, 0.055)
	within("restocks", kinds[StepRestock], w.Orders(), 0.017, 0.023)
	within("reads", kinds[StepRead], w.Orders(), 0.09, 0.11)
	if w.Orders() != 10_000 || len(units) != 100 || w.Clients != 32 {
		t.Errorf("%d orders, %d SKUs, %d clients", w.Orders(), len(units), w.Clients)
	}
	for _, s := range w.Supply {
		if want := (4*units[s.Lane.SKU] + 4) / 5; s.Units != want {
			t.Errorf("supply of %s is %d, want %d", s.Lane.SKU, s.Units, want)
		}
	}
}

// A kind of decision has a stream of its own: other cancels, restocks and reads leave every order
// as it was.
func TestOtherReadsDoNotChangeTheOrders(t *testing.T) {
	ordersOf := func(change func(*Params)) (names []string) {
		p := DefaultParams()
		p.Orders = 300
		change(&p)
		w, err := Generate(p, 5)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range w.Steps {
			if s.Kind == StepCheckout {
				names = append(names, fmt.Sprintf("%+v", s.Order))
			}
		}
		return names
	}
	plain := ordersOf(func(*Params) {})
	for name, change := range map[string]func(*Params){
		"reads":    func(p *Params) { p.Reads = random.Ratio{Num: 1, Den: 1} },
		"cancels":  func(p *Params) { p.Cancels = random.Ratio{Num: 1, Den: 2} },
		"restocks": func(p *Params) { p.Restocks = random.Ratio{Num: 0, Den: 1} },
		"clients":  func(p *Params) { p.Clients = 3 },
	} {
		if !slices.Equal(ordersOf(change), plain) {
			t.Errorf("%s changed the orders", name)
		}
	}
}

func TestRepeatSKULetsLinesRepeatOne(t *testing.T) {
	p := DefaultParams()
	p.Orders, p.Multi, p.Repeat = 500, random.Ratio{Num: 1, Den: 1}, random.Ratio{Num: 1, Den: 1}
	w, err := Generate(p, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range w.Steps {
		for _, l := range s.Order.Lines {
			if l.SKU != s.Order.Lines[0].SKU {
				t.Fatalf("order %+v", s.Order)
			}
		}
	}
}

// Whatever the parameters, every command of a workload is within the contract, every id is used once,
// and every step waits for earlier ones only.
func TestGeneratedWorkloadsAreWellFormed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, err := Generate(anyParams(t), rapid.Uint64().Draw(t, "seed"))
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

func anyParams(t *rapid.T) Params {
	share := func(name string) random.Ratio {
		return random.Ratio{Num: rapid.Uint64Range(0, 10).Draw(t, name), Den: 10}.Reduced()
	}
	return Params{Orders: rapid.IntRange(1, 60).Draw(t, "orders"), SKUs: rapid.IntRange(1, 12).Draw(t, "skus"),
		Hot: share("hot"), Qty: rapid.Int64Range(1, 50).Draw(t, "qty"), Multi: share("multi"),
		MaxLines: rapid.IntRange(1, 6).Draw(t, "max-lines"), Repeat: share("repeat-sku"),
		Policy: rapid.SampledFrom([]model.Policy{model.Partial, model.AllOrNothing}).Draw(t, "policy"),
		Supply: random.Ratio{Num: rapid.Uint64Range(0, 30).Draw(t, "supply"), Den: 10}.Reduced(), Cancels: share("cancels"),
		Restocks: share("restocks"), Reads: share("reads"), Clients: rapid.IntRange(1, 40).Draw(t, "clients")}
}

func TestParamsRefuseWhatMakesNoSense(t *testing.T) {
	for _, c := range [][2]string{{"orders", "0"}, {"orders", "1e3"}, {"orders", "0x10"}, {"orders", "-1"}, {"skus", "0"},
		{"hot", "1.1"}, {"qty", "0"}, {"qty", "1000000001"}, {"multi", "2"}, {"max-lines", "1001"}, {"policy", ""},
		{"policy", "some"}, {"supply", "1001"}, {"clients", "0"}, {"colour", "red"}} {
		p := DefaultParams()
		if err := p.Set(c[0], c[1]); err == nil {
			t.Errorf("%s=%s is accepted", c[0], c[1])
		}
	}
	p := DefaultParams()
	p.Orders, p.MaxLines, p.Qty = maxOrders, model.MaxLines, model.MaxQuantity
	if err := p.Validate(); err == nil {
		t.Error("more units than a stock can be are accepted")
	}
	if _, err := Generate(Params{}, 1); err == nil {
		t.Error("the zero value is accepted")
	}
}

// Line 1 of a run promises no more lines than an order can have: one SKU, or a limit of one, leaves one each.
func TestTheLinesThatAreSaidAreTheLinesThatCome(t *testing.T) {
	for _, c := range []struct {
		skus, lines int
		repeat      uint64
		want        string
	}{
		{100, 4, 0, "100 % of 2-4 lines (repeat-sku 0 %)"},
		{3, 4, 0, "100 % of 2-3 lines (repeat-sku 0 %)"},
		{100, 1, 0, "1 line each"},
		{1, 4, 0, "1 line each"},
		{1, 4, 1, "100 % of 2-4 lines (repeat-sku 100 %)"},
	} {
		p := DefaultParams()
		p.Orders, p.SKUs, p.MaxLines, p.Multi = 200, c.skus, c.lines, random.Ratio{Num: 1, Den: 1}
		p.Repeat = random.Ratio{Num: c.repeat, Den: 1}
		w, err := Generate(p, 1)
		if err != nil {
			t.Fatal(err)
		}
		most := 0
		for _, s := range w.Steps {
			most = max(most, len(s.Order.Lines))
		}
		said := "1 line each"
		if most > 1 {
			said = fmt.Sprintf("of 2-%d lines", most)
		}
		if got := p.String(); !strings.Contains(got, c.want) || !strings.Contains(got, said) {
			t.Errorf("%q, want it to say %q: orders had up to %d lines", got, c.want, most)
		}
	}
}
