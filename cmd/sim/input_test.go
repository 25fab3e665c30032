package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stockproof/checks"
)

// refused asserts exit 64, nothing on stdout, and one line on stderr that says what is wrong.
func refused(t *testing.T, want string, args ...string) {
	t.Helper()
	o := invoke(t, args...)
	if o.code != checks.BadInput.ExitCode() || !strings.HasPrefix(o.errors, "sim: ") || !strings.Contains(o.errors, want) {
		t.Errorf("%q: exit %d, %q, want %q", args, o.code, o.errors, want)
	}
	if strings.Contains(o.out, "holds") || strings.Contains(o.out, `"result"`) {
		t.Errorf("%q has a verdict: %s", args, o.out)
	}
}

func TestBadCommandLinesAreRefusedByFlag(t *testing.T) {
	for _, c := range []struct{ args, want string }{
		{"frobnicate", `there is no command "frobnicate"`},
		{"run --frob", "-frob"},
		{"run extra", `"extra"`},
		{"run --design nope", `there is no design "nope"; there are ledger, article, dualwrite, rowlock`},
		{"run --on real", "--on real: there is no such tier here; there are core and wire"},
		{"run --on core --restarts 1", "-restarts"},
		{"run --scenario nope", "nope: there is neither a scenario of that name nor such a file"},
		{"run --seed twelve", `--seed "twelve" is not a decimal or 0x number`},
		{"run --seed -1", `--seed "-1"`},
		{"run --seed 0x1ffffffffffffffff", "--seed"},
		{"run --seed 0b11", "--seed"},
		{"run --seed 1_000", "--seed"},
		{"run --admission maybe", "--admission maybe is neither async nor sync"},
		{"run --design article --admission sync", "--admission: design article has no such option; it has partitions, workers"},
		{"run --design dualwrite --workers 3", "--workers: design dualwrite has no such option; it has shards, ttl"},
		{"run --design rowlock --partitions 3", "--partitions: design rowlock has no options"},
		{"run --orders 1.5", `orders: "1.5" is not a whole number`},
		{"run --orders 0", "orders: 0 is outside 1.."},
		{"run --duplicates 1.5", "--duplicates"},
		{"run --duplicates x", "duplicates"},
		{"run --restarts -1", "--restarts -1 is outside"},
		{"run --workers 0", "--workers 0 is outside"},
		{"run --partitions 0", "--partitions 0 is outside"},
		{"run --settle 0s", "--settle"},
		{"run --policy sometimes", `"sometimes" is neither`},
		{"run --columns order=a,sku=b,qty=c", "--columns goes with --workload"},
		{"run --workload x.csv --columns order=a", `--columns: columns: order, sku and qty are needed`},
		{"run --workload x.csv --scenario small", "--workload and --scenario both say what clients do"},
		{"run --workload x.csv --orders 7", "--orders is for a generated workload"},
		{"run --workload absent.csv", "absent.csv: no such file or directory"},
		{"run --scenario flash-sale --orders 7", "--orders: scenario flash-sale says what clients do"},
		{"run --design rowlock --restarts 1", "--restarts: design rowlock has no workers to kill"},
		{"run --design dualwrite --restarts 1", "--restarts: design dualwrite has no workers to kill"},
		{"run --design rowlock --duplicates 0.1", "--duplicates: design rowlock has no records to deliver again"},
		{"run --design dualwrite --duplicates 0.1", "--duplicates: design dualwrite has no records to deliver again"},
	} {
		refused(t, c.want, strings.Fields(c.args)...)
	}
}

// A workload says which line, and what of it, cannot be taken.
func TestBadWorkloadsAreRefusedByLine(t *testing.T) {
	const head = "InvoiceNo,StockCode,Quantity,InvoiceDate,CustomerID\n1,A,1,2010-12-01,7\n"
	for name, c := range map[string]struct{ text, want string }{
		"malformed":      {head + "1,B,x,2010-12-01,7\n", `:3: Quantity "x" is not a whole number of units`},
		"empty":          {head + "1,B,,2010-12-01,7\n", `:3: Quantity "" is not a whole number of units`},
		"oversized":      {head + "1,B,1000000001,2010-12-01,7\n", `:3: Quantity "1000000001" is outside`},
		"beyond 64 bits": {head + "1,B,99999999999999999999,2010-12-01,7\n", `:3: Quantity "99999999999999999999" is outside`},
		"negative":       {head + "1,B,-1000000001,2010-12-01,7\n", `:3: Quantity "-1000000001" is outside`},
		"fractional":     {head + "1,B,1.5,2010-12-01,7\n", `:3: Quantity "1.5" is not a whole number of units`},
		"hex":            {head + "1,B,0x10,2010-12-01,7\n", `:3: Quantity "0x10" is not a whole number of units`},
		"zero":           {head + "1,B,0,2010-12-01,7\n", ":3: Quantity"},
		"no time":        {head + "1,B,1,notadate,7\n", `:3: InvoiceDate "notadate" is not a time`},
		"not UTF-8":      {head + "1,\xff,1,2010-12-01,7\n", ":3: StockCode"},
		"short line":     {head + "1,B\n", ":3: has another number of fields"},
		"missing column": {"InvoiceNo,StockCode,InvoiceDate\n1,A,2010-12-01\n", ":1: column Quantity is missing"},
		"nothing":        {"", ": is empty"},
		"only a header":  {head[:strings.IndexByte(head, '\n')+1], ": has a header and no lines"},
	} {
		t.Run(name, func(t *testing.T) {
			path := write(t, "orders.csv", c.text)
			refused(t, path+c.want, "run", "--workload", path)
		})
	}
	path := write(t, "orders.csv", "who,what,many\n1,A,0x2\n")
	refused(t, path+`:2: many "0x2"`, "run", "--workload", path, "--columns", "order=who,sku=what,qty=many")
	path = write(t, "orders.csv", "who,what,many,when\n1,A,2,notadate\n")
	refused(t, path+`:2: when "notadate" is not a time`, "run", "--workload", path, "--columns",
		"order=who,sku=what,qty=many,time=when")
	path = write(t, "orders.csv.gz", head)
	refused(t, path+": unpack: gzip: invalid header", "run", "--workload", path)
}

// A scenario too; and a fault that this tier cannot express is named.
func TestBadScenariosAreRefusedByLine(t *testing.T) {
	const head = "stockproof scenario 1\n# Prose.\n"
	for name, c := range map[string]struct{ text, want string }{
		"newer":             {"stockproof scenario 2\n", ":1: version 2 is newer than this program"},
		"no version":        {"stockproof scenario one\n", `:1: "one" is not a version`},
		"foreign":           {"{\"scenario\": 1}\n", ":1: not a scenario"},
		"a schedule":        {"stockproof schedule 1\n", ":1: not a scenario"},
		"empty":             {"", ":1: not a scenario"},
		"cut in a word":     {head + "workload orders=5\nexp", `:4: `},
		"cut in a quote":    {head + "workload stock sku=\"A", ":3: "},
		"not UTF-8":         {head + "workload orders=\xff\n", ":3: is not valid UTF-8"},
		"unknown parameter": {head + "workload colour=red\n", ":3: unknown key colour of workload"},
		"unknown design":    {head + "design nope\nworkload orders=5\n", `:3: there is no design "nope"`},
		"unknown fault":     {head + "workload orders=5\nfault partition between=a,b\n", ":4: fault partition: this tier cannot express it"},
		"foreign option":    {head + "workload orders=5\ndesign ledger shards=4 ttl=24h\n", ":4: shards: design ledger has no such option; it has admission"},
		"no options":        {head + "workload orders=5\ndesign rowlock ttl=24h\n", ":4: ttl: design rowlock has no options"},
		"unknown role":      {head + "workload orders=5\nfault crash role=cleaner\n", `:4: fault crash: design ledger has no role "cleaner"; it has connector, worker, `},
		"no role":           {head + "workload orders=5\nfault crash\n", `:4: fault crash: role=ROLE is missing; design ledger has connector, worker, `},
		"unknown order": {head + "workload stock sku=A qty=1\nworkload order=o1 sku=A qty=1\n" +
			"design article\nfault crash role=worker after=deduct order=o9\n", `:6: fault crash: the workload has no order "o9"`},
	} {
		t.Run(name, func(t *testing.T) {
			if strings.HasSuffix(c.text, "\n") { // whole lines: it was not cut short
				c.text += ended
			}
			path := write(t, "bad.scenario", c.text)
			refused(t, c.want, "run", "--scenario", path)
			if o := invoke(t, "run", "--scenario", path); !strings.Contains(o.errors, path+":") {
				t.Errorf("%q does not name the file", o.errors)
			}
		})
	}
}

func TestHelpIsNoError(t *testing.T) {
	for _, c := range []struct{ args, want string }{{"--help", "Exit codes:"}, {"help", "sim run --workload"},
		{"run --help", "--duplicates share"}, {"run -h", "token-expiry"}} {
		o := invoke(t, strings.Fields(c.args)...)
		if o.code != 0 || !strings.Contains(o.out, c.want) || o.errors != "" {
			t.Errorf("%s: exit %d, stderr %q, %q is missing in\n%s", c.args, o.code, o.errors, c.want, o.out)
		}
	}
	if o := invoke(t); o.code != checks.BadInput.ExitCode() || !strings.Contains(o.errors, "sim run") {
		t.Errorf("no command: exit %d, %q", o.code, o.errors)
	}
	help := workloadHelp()
	o := invoke(t, "run", "--help")
	for key, about := range help {
		if !strings.Contains(o.out, "--"+key+" value") || !strings.Contains(o.out, about+" (") {
			t.Errorf("--%s is not explained", key)
		}
	}
	if strings.Count(o.out, " value ") != len(help) {
		t.Errorf("a parameter lacks its explanation:\n%s", o.out)
	}
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
