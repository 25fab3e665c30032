package clients_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"stockproof/model"
	"stockproof/sim/clients"
	"stockproof/sim/workload"
)

// realOrders are the sample of a month of real orders and, where STOCKPROOF_WORKLOAD names it, the whole month.
func realOrders() []string {
	const sample = "../../testdata/workloads/online-retail-sample.csv"
	if path := os.Getenv("STOCKPROOF_WORKLOAD"); path != "" {
		return []string{sample, path}
	}
	return []string{sample}
}

// Driven by many clients, the sample and the month come out as if one client had gone through the file
// from top to bottom would have them: every unit of a C invoice comes back by RETURN or ADJUST, none of a
// line comes back twice, and the checkers are content.
func TestDriveOfRealOrders(t *testing.T) {
	for _, path := range realOrders() {
		t.Run(filepath.Base(path), func(t *testing.T) {
			w, err := workload.Import(path, workload.ImportOptions{Supply: workload.DefaultSupply()})
			if err != nil {
				t.Fatal(err)
			}
			f := newFixture()
			f.async = true
			s, l, err := f.drive(t.Context(), w, func(c *clients.DriveConfig) { c.Patience = time.Minute })
			if err != nil {
				t.Fatal(err)
			}
			if s.Granted == 0 || s.Rejected == 0 || s.Undecided+s.Refused+s.Cancelled > 0 || s.Returns == 0 {
				t.Errorf("%+v", s)
			}
			back, want := int64(0), int64(0)
			for _, st := range w.Steps {
				want += st.Return.Qty
			}
			for _, row := range f.rows {
				if row.Kind == model.Return && !row.Decision.Outcome.Grants() {
					t.Errorf("%+v is %s", row.Command, row.Decision.Outcome)
				}
				if row.Kind == model.Return || row.Kind == model.Adjust && row.Delta.Value > 0 {
					back += row.Decision.Granted
				}
			}
			if back != want {
				t.Errorf("%d units came back, %d should have", back, want)
			}
			for _, line := range f.lines {
				if line.State != model.LineCommitted && line.State != model.LineRejected {
					t.Errorf("line %+v", line)
				}
			}
			if why := failed(f.judge(l, s.Supply)); len(why) > 0 {
				t.Errorf("the checkers say %.2000q", why)
			}
		})
	}
}

// C537611 of the sample returns 36 units of 22865, of which 536781 has 14 left after C537379: the rest
// comes from 536514. Of C536379's SKU nothing was sold: it is an adjustment.
func TestReturnsOfTheSampleSplit(t *testing.T) {
	w, err := workload.Import(realOrders()[0], workload.ImportOptions{Supply: workload.DefaultSupply()})
	if err != nil {
		t.Fatal(err)
	}
	f := newFixture()
	// Enough stock that every line is granted whole: then it does not matter who comes first.
	for i := range w.Supply {
		w.Supply[i].Units *= 10
	}
	if _, _, err := f.drive(t.Context(), w, nil); err != nil {
		t.Fatal(err)
	}
	names := w.Names()
	at := func(name string) (got []string) {
		for _, s := range w.Steps {
			if s.Name != name || s.Kind != workload.StepReturn {
				continue
			}
			for _, id := range f.ids {
				row := f.rows[id]
				ours := model.NameID("return", s.Return.ID.String(), row.Ref.String())
				if row.Kind == model.Return && row.ID == ours {
					order, _, _ := strings.Cut(names[row.Ref], "/")
					got = append(got, fmt.Sprintf("%d of %s", row.Qty, order))
				}
			}
			if row := f.rows[model.NameID("adjust", s.Return.ID.String())]; row != nil {
				got = append(got, fmt.Sprintf("adjust %d", row.Delta.Value))
			}
		}
		return got
	}
	if got := at("C537611"); !slices.Equal(got, []string{"14 of 536781", "22 of 536514"}) {
		t.Errorf("C537611: %q", got)
	}
	if got := at("C536379"); len(got) != 1 || !strings.HasPrefix(got[0], "adjust ") {
		t.Errorf("C536379: %q", got)
	}
}
