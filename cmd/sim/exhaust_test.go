package main

import (
	"strings"
	"testing"
)

func TestAScopeIsExploredCompletelyOrNotAtAll(t *testing.T) {
	tiny := []string{"explore", "--design", "ledger", "--scenario", "tiny", "--strategy", "exhaustive"}
	o := invoke(t, append(tiny, "--faults", "none", "--json")...)
	if o.code != 0 || !strings.Contains(o.errors, "explored completely  ledger, tiny: 2 orders") ||
		!strings.Contains(o.out, `"complete":true`) {
		t.Errorf("exit %d\n%s\n%s", o.code, o.out, o.errors)
	}
	o = invoke(t, append(tiny, "--states", "50")...)
	if o.code != 6 || !strings.Contains(o.out, "not complete") {
		t.Errorf("with a budget that is too small: exit %d\n%s", o.code, o.out)
	}
	for _, bad := range [][]string{
		{"--strategy", "exhaustive", "--scenario", "medium"},
		{"--strategy", "exhaustive", "--scenario", "small", "--faults", "crash"},
		{"--strategy", "exhaustive", "--scenario", "tiny", "--faults", "pause"},
		{"--strategy", "random", "--states", "5"},
	} {
		if o := invoke(t, append([]string{"explore"}, bad...)...); o.code != 64 {
			t.Errorf("%q: exit %d, %s", bad, o.code, o.errors)
		}
	}
}

func TestAListOfScopesIsReportedScopeByScope(t *testing.T) {
	o := invoke(t, "explore", "--strategy", "exhaustive", "--scenario", "small", "--states", "30")
	if o.code != 6 || strings.Count(o.out, "not complete  ") != len(smallScopes) {
		t.Errorf("exit %d\n%s%s", o.code, o.out, o.errors)
	}
	for _, e := range smallScopes {
		if !strings.Contains(o.out, "ledger, "+e.name+": ") {
			t.Errorf("nothing is said of %q", e.name)
		}
	}
}
