package main

import (
	"fmt"
	"slices"
	"strings"

	"stockproof/inventory"
	"stockproof/sim"
	"stockproof/sim/explore"
	"stockproof/sim/scenario"
)

// scopeEntry is one scope of a list: what an exhaustive search is to close.
type scopeEntry struct {
	name     string
	workload string                    // entries of a scenario, one a line
	kinds    []string                  // of which one strikes at most
	also     []string                  // of which one more does
	roles    []string                  // beside those that every order needs
	atRest   []string                  // likewise, but only once nobody can go on unless time passes
	fronts   []inventory.AdmissionMode // how the API processes admit; nil: one, asynchronously
}

const (
	singleOrder = `workload clients=1
workload stock sku=A qty=3
workload order=o1 sku=A qty=2 policy=all-or-nothing
`
	twoOrders = `workload clients=2
workload stock sku=A qty=3
workload order=o1 sku=A qty=2 policy=all-or-nothing
workload order=o2 sku=A qty=2 policy=all-or-nothing
`
	threeOrders = `workload clients=3
workload stock sku=A qty=3
workload order=o1 sku=A qty=2 policy=all-or-nothing
workload order=o2 sku=A qty=2 policy=all-or-nothing
workload order=o3 sku=A qty=2 policy=all-or-nothing
`
	restock = "workload restock sku=A qty=1\n"
	cancel  = "workload cancel order=o1\n"
)

// smallScopes are what sim explore --strategy exhaustive --scenario small closes, one after the other: those first that
// take little of a budget that all of them share.
var smallScopes = []scopeEntry{
	{name: "3 orders, restock", workload: threeOrders + restock},
	{name: "2 orders, cancel", workload: twoOrders + cancel},
	{name: "3 orders, duplicate", workload: threeOrders, kinds: []string{"duplicate"}},
	{name: "2 orders, duplicate, crash of any role", workload: twoOrders, kinds: []string{"crash"}, also: []string{"duplicate"}},
	{name: "2 orders, duplicate, reconciler", workload: twoOrders, kinds: []string{"duplicate"}, roles: []string{"reconciler"}},
}

// proveScopes are what make prove adds, in the same order.
var proveScopes = []scopeEntry{
	{name: "2 orders, a synchronous and an asynchronous decider", workload: twoOrders,
		fronts: []inventory.AdmissionMode{inventory.Async, inventory.Sync}},
	{name: "2 orders, Redis fails over", workload: twoOrders, kinds: []string{"redis-failover"}, atRest: []string{"reconciler"}},
	{name: "2 orders, PostgreSQL crashes and its slots go back", workload: twoOrders, kinds: []string{"pg-crash"}},
	{name: "3 orders, duplicate, restock", workload: threeOrders + restock, kinds: []string{"duplicate"}},
	{name: "2 orders, duplicate, any single fault", workload: twoOrders, kinds: exhaustiveKinds, also: []string{"duplicate"}},
	{name: "1 order, PostgreSQL fails over", workload: singleOrder, kinds: []string{"pg-failover"}, atRest: []string{"sweeper"}},
	{name: "2 orders, zombie of any role", workload: twoOrders, kinds: []string{"evict"}},
	{name: "2 orders, PostgreSQL fails over", workload: twoOrders, kinds: []string{"pg-failover"}, atRest: []string{"sweeper"}},
}

// scopeList is what --scenario names: a list of scopes, or one of them by its own name; nil: neither.
func scopeList(name string) []scopeEntry {
	all := slices.Concat(smallScopes, proveScopes)
	switch name {
	case "small":
		return smallScopes
	case "prove":
		return all
	}
	for i := range all {
		if all[i].name == name {
			return all[i : i+1]
		}
	}
	return nil
}

// configured is the entry as a scope of the search.
func (e scopeEntry) configured(f *exploreFlags) (explore.Scope, error) {
	s, err := scenario.Parse(e.name, e.name, "stockproof scenario 1\n"+e.workload+"expect holds\n")
	if err != nil {
		return explore.Scope{}, fmt.Errorf("scope %q: %w", e.name, err)
	}
	d, err := designFor(s, f.design, f.set["design"])
	if err != nil {
		return explore.Scope{}, err
	}
	c := explore.Scope{Design: d, Options: sim.CoreOptions(), Scenario: s, States: f.states, Executions: f.executions,
		Kinds: e.kinds, Also: e.also, Faults: min(1, len(e.kinds))}
	c.Options.Fronts = e.fronts
	if slices.Contains(slices.Concat(e.roles, e.atRest), "reconciler") {
		c.Options.Reconcile = true
	}
	leaveAside(&c, e.roles)
	for _, r := range e.atRest {
		if slices.Contains(c.Without, r) { // the design has it
			c.AtRest = append(c.AtRest, r)
		}
	}
	return c, nil
}

// leaveAside leaves out the roles that no order needs, but for those that are asked for.
func leaveAside(c *explore.Scope, asked []string) {
	for _, r := range c.Design.Roles {
		if slices.Contains(aside, r.Name) && !slices.Contains(asked, r.Name) {
			c.Without = append(c.Without, r.Name)
		}
	}
	if slices.Contains(c.Without, "feed") {
		c.Options.Channels = nil
	}
}

// known lists the scopes of a list, for people.
func known(list []scopeEntry) string {
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.name
	}
	return strings.Join(names, "; ")
}
