package sim_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"stockproof/inventory"
	"stockproof/inventory/article"
	"stockproof/inventory/ledger"
	"stockproof/inventory/port"
	"stockproof/sim"
	"stockproof/sim/scenario"
	"stockproof/sim/workload"
)

// ran is a process that notes that it runs.
type ran struct {
	port.Process
	note func()
}

func (r ran) Run(ctx context.Context) error {
	r.note()
	return r.Process.Run(ctx)
}

// rolesThatRan are the roles that a run of d starts when a scenario's design line says so.
func rolesThatRan(t *testing.T, d inventory.Design, line string) []string {
	t.Helper()
	var mu sync.Mutex
	var names []string
	roles := d.Roles
	d.Roles = nil
	for _, role := range roles {
		build := role.New
		role.New = func(p inventory.Ports, o inventory.Options) port.Process {
			return ran{build(p, o), func() {
				mu.Lock()
				defer mu.Unlock()
				names = append(names, role.Name)
			}}
		}
		d.Roles = append(d.Roles, role)
	}
	s, err := scenario.Parse("roles", "roles", "stockproof scenario 1\ndesign "+line+"\nworkload orders=5 skus=2\n")
	if err != nil {
		t.Fatal(err)
	}
	c := sim.RunConfig{Design: d, Scenario: s, Seed: 1, Settle: 10 * time.Second,
		World: func(o sim.WorldOptions) (sim.World, error) { return sim.NewMemoryWorld(o), nil }}
	c.Options.Options = inventory.DefaultOptions()
	if err := s.DesignOptions(&c.Options); err != nil {
		t.Fatal(err)
	}
	if c.Workload, err = s.Build(workload.DefaultParams(), 1); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := sim.Run(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range r.Failures {
		t.Error(err)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// What a design line asks for runs, what it does not ask for does not, and what always runs does.
func TestAskedRolesRun(t *testing.T) {
	always := []string{"bootstrap", "coordinator", "feed", "heart", "projection", "reconciler", "sweeper", "worker"}
	with := func(role string) []string {
		all := append(slices.Clone(always), role)
		slices.Sort(all)
		return all
	}
	for _, c := range []struct {
		design inventory.Design
		line   string
		want   []string
	}{
		{article.Design(), "article", []string{"worker"}},
		{article.Design(), "article reconcile=true", []string{"reconciler", "worker"}},
		{article.Design(), "article reconcile=false bootstrap=true", []string{"bootstrap", "worker"}},
		{article.Design(), "article reconcile=true bootstrap=true", []string{"bootstrap", "reconciler", "worker"}},
		{ledger.Design(), "ledger", always},
		{ledger.Design(), "ledger relay=true", with("relay")},
		{ledger.Design(), "ledger emit=true", with("emitter")},
		{ledger.Design(), "ledger shed=true admission=sync", always},
	} {
		t.Run(c.line, func(t *testing.T) {
			if got := rolesThatRan(t, c.design, c.line); !slices.Equal(got, c.want) {
				t.Errorf("roles %q ran, want %q", got, c.want)
			}
		})
	}
}
