package jepsen

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"stockproof/checks"
	"stockproof/checks/linear"
)

// etcdLinearizable are the numbers of the etcd logs whose history is linearizable. The right verdicts are those of
// porcupine's own tests (porcupine_test.go, TestEtcdJepsen000 to 102, v1.3.1): all others are not, and in log 95 the
// cluster did not start.
var etcdLinearizable = []int{2, 5, 7, 18, 25, 31, 38, 45, 48, 49, 51, 53, 56, 67, 75, 76, 80, 87, 92, 98, 100, 101, 102}

// porcupineData is the test data in porcupine's module.
func porcupineData(t *testing.T, below string) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/anishathalye/porcupine").Output()
	if err != nil {
		t.Fatalf("find porcupine's module: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(dir)), "test_data", below)
}

func TestOperationsOfALogAreRead(t *testing.T) {
	h, err := ReadLog(strings.NewReader(strings.Join([]string{
		"INFO  jepsen.core - Running test",
		"INFO  jepsen.util - 0\t:invoke\t:read\tnil",
		"INFO  jepsen.util - 1\t:invoke\t:cas\t[3 4]",
		"INFO  jepsen.util - 2\t:invoke\t:write\t3",
		"INFO  jepsen.util - :nemesis\t:info\t:start\tnil",
		"INFO  jepsen.util - 0\t:ok\t:read\tnil",
		"INFO  jepsen.util - 1\t:fail\t:cas\t[3 4]",
		"INFO  jepsen.util - 2\t:info\t:write\t:timed-out",
	}, "\n")), "a.log", Mapping{FailIsRefusal: true})
	if err != nil {
		t.Fatal(err)
	}
	if !h.Register || len(h.Ops) != 3 {
		t.Fatalf("%+v", h)
	}
	for i, want := range []string{"client 0: read -> ok nil [1, 4]", "client 1: cas 1 if 0 -> rejected [2, 5]",
		"client 2: write 0 -> unknown [3, open)"} {
		if got := h.Ops[i].String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestEDNOfACounterIsRead(t *testing.T) {
	h, err := ReadEDN(strings.NewReader(`; a counter
	[#jepsen.history.Op{:process 0, :type :invoke, :f :read, :value nil, :time 10, :index 0}
	 {:process 1 :type :invoke :f :add :value #_ 7 5 :time 11}
	 {:process 0 :type :ok :f :read :value 0 :time 12}
	 {:process 1 :type :info :f :add :value 5 :error ["timeout" {:a #{1 2}}] :time 13}
	 {:process :nemesis :type :info :f :kill :value nil}]`), "h.edn", Mapping{})
	if err != nil {
		t.Fatal(err)
	}
	if h.Register || len(h.Ops) != 2 || h.Ops[0].Remaining != 0 || h.Ops[1].Qty != 5 || h.Ops[1].Outcome != linear.Unknown {
		t.Errorf("%+v", h)
	}
	if r, _ := linear.Window(h.Ops, linear.Spec{}, linear.Options{}); r.Verdict != linear.Pass {
		t.Error(r)
	}
}

func TestForeignNamesAreMapped(t *testing.T) {
	h, err := ReadEDN(strings.NewReader(`
	{:client 4 :kind :invoke :op :take :n 3 :sku "a" :order "x"}
	{:client 5 :kind :invoke :op :take :n 3 :sku "b"}
	{:client 4 :kind :ok :op :take :n 3 :sku "a" :version 1 :left 2}`), "h.edn", Mapping{Process: "client", Type: "kind", F: "op",
		Value: "n", Key: "sku", ID: "order", Seq: "version", Remaining: "left", Functions: map[string]linear.Kind{"take": linear.Deduct}})
	if err != nil {
		t.Fatal(err)
	}
	if op := h.Ops[0]; op.Seq != 1 || op.Remaining != 2 || op.ID != 0 || op.Kind != linear.Deduct || op.Qty != 3 {
		t.Error(op)
	}
	if !slices.Equal(h.Keys, []string{"a", "b"}) || len(h.ByKey()[1]) != 1 {
		t.Error(h)
	}
}

func TestBadInputIsRefusedWithFileLineAndReason(t *testing.T) {
	const call = "{:process 1 :type :invoke :f :write :value 1 :time 5}\n"
	for _, c := range []struct{ text, want string }{
		{call + "{:process 1 :type :ok :f :write", "h.edn:2: is cut short: '}' is missing"},
		{call + "{:process 1 :type :ok :f :write :value}", "h.edn:2: a map has a key without a value"},
		{call + `{:process 1 :type :ok :f "wri`, "h.edn:2: a string is cut short"},
		{call + "]", "h.edn:2: ']' closes nothing"},
		{call + "{:process 1 :type :ok :f :write :value 1x}", "h.edn:2: \"1x\" is no number"},
		{call + "7", "h.edn:2: is no event: a map is expected"},
		{call + "{:process 2 :type :ok :f :write :value 1}", "h.edn:2: process 2 is answered, and called nothing"},
		{call + "{:process 1 :type :ok :f :read :value 1}", "h.edn:2: process 1 is answered read, and called write on line 1"},
		{call + "{:process 1 :type :ok :f :write :value 1 :time 4}", "h.edn:2: time runs backwards, from 5 to 4"},
		{call + "{:process 2 :type :invoke :f :steal :value 1}", "h.edn:2: :steal is an unknown kind of operation"},
		{call + "{:process 1 :type :gone :f :write :value 1}", "h.edn:2: :gone is no type of event: :invoke, :ok, :fail or :info"},
		{call + call, "h.edn:2: process 1 calls, and waits for its call on line 1"},
		{call + "{:process 2 :type :invoke :f :add :value 1}", "h.edn:2: a history is of registers or of counters, not of both"},
		{call + "{:process 2 :type :invoke :f :cas :value 1}", "h.edn:2: 1 is no pair of an old and a new value"},
		{"{:process 2 :type :invoke :f :add :value :x}", "h.edn:1: :x is no quantity"},
		{"{:type :invoke}", "h.edn:1: has no :process"},
		{"[" + call + " {:process 2 :type :ok #_[1\n2] :f :write :value 1}]", "h.edn:2: process 2 is answered, and called nothing"},
		{" ; nothing\n", "h.edn: holds no operation"},
		{strings.Repeat("[", 200), "h.edn:1: nests deeper than 100"},
	} {
		_, err := ReadEDN(strings.NewReader(c.text), "h.edn", Mapping{})
		var input *checks.InputError
		if !errors.As(err, &input) || err.Error() != c.want {
			t.Errorf("%q: %v, want %s", c.text, err, c.want)
		}
	}
	_, err := ReadLog(strings.NewReader("INFO jepsen.util - 3 :invoke :wri"), "a.log", Mapping{})
	if err == nil || err.Error() != "a.log:1: is cut short: a report has process, type, function and value" {
		t.Error(err)
	}
}

func TestEtcdLogsOfPorcupineAreJudgedRight(t *testing.T) {
	var undecided []string
	judged := 0
	dir := porcupineData(t, "jepsen")
	for n := range 103 {
		if n == 95 {
			continue
		}
		path := filepath.Join(dir, "etcd_"+strconv.Itoa(1000 + n)[1:]+".log")
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		h, err := ReadLog(file, path, Mapping{FailIsRefusal: true})
		_ = file.Close()
		if err != nil {
			t.Fatal(err)
		}
		want := linear.Fail
		if slices.Contains(etcdLinearizable, n) {
			want = linear.Pass
		}
		r, _ := linear.Register(h.Ops, linear.Nil, h.Values, linear.Options{})
		beside := besidePorcupine(h, linear.Nil)
		switch {
		case r.Verdict == linear.Undecided:
			undecided = append(undecided, filepath.Base(path)+": "+r.Why)
		case r.Verdict != want:
			t.Errorf("%s: %v, want %s", path, r, want)
		}
		if beside != want {
			t.Errorf("%s: porcupine says %s, its tests %s", path, beside, want)
		}
		judged++
	}
	t.Logf("%d logs judged, %d undecided %q", judged, len(undecided), undecided)
	if judged != 102 || len(undecided) > 0 {
		t.Errorf("%d logs judged, undecided: %q", judged, undecided)
	}
}

// besidePorcupine is porcupine's verdict on the same operations.
func besidePorcupine(h History, initial int64) linear.Verdict {
	model := porcupine.Model{
		Init: func() any { return initial },
		Step: func(state, input, _ any) (bool, any) {
			value, op := state.(int64), input.(linear.Op)
			unknown := op.Outcome == linear.Unknown
			switch {
			case op.Kind == linear.Read:
				return unknown || op.Remaining == value, value
			case op.Kind == linear.Write:
				return true, op.Qty
			case op.Kind == linear.Append:
				return true, h.Values.Intern(h.Values.Text(value) + h.Values.Text(op.Qty))
			case value == op.Arg:
				return unknown || op.Outcome == linear.OK, op.Qty
			}
			return unknown || op.Outcome == linear.Rejected, value
		},
	}
	history := make([]porcupine.Operation, 0, len(h.Ops))
	for _, op := range h.Ops {
		if op.Outcome != linear.Never {
			history = append(history, porcupine.Operation{ClientId: int(op.Client), Input: op, Call: op.Call, Return: op.Return})
		}
	}
	switch porcupine.CheckOperationsTimeout(model, history, 2*time.Second) {
	case porcupine.Ok:
		return linear.Pass
	case porcupine.Illegal:
		return linear.Fail
	}
	return linear.Undecided
}

// TestKVHistoriesOfPorcupineAreJudgedRight: put, get and append on keys, the right verdict in the file's name, as in
// porcupine's TestKv tests.
func TestKVHistoriesOfPorcupineAreJudgedRight(t *testing.T) {
	dir := porcupineData(t, "kv")
	undecided := 0
	for _, name := range []string{"c01-ok", "c01-bad", "c10-ok", "c10-bad", "c50-ok", "c50-bad"} {
		path := filepath.Join(dir, name+".txt")
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		h, err := ReadEDN(file, path, Mapping{})
		_ = file.Close()
		if err != nil {
			t.Fatal(err)
		}
		got := linear.Pass
		initial := h.Values.Intern("") // what get says of a key that is not there
		for key, ops := range h.ByKey() {
			r, _ := linear.Register(ops, initial, h.Values, linear.Options{})
			beside := besidePorcupine(History{Ops: ops, Values: h.Values}, initial)
			switch {
			case r.Verdict == linear.Undecided:
				t.Logf("%s, key %s: %v; porcupine says %s", name, h.Keys[key], r, beside)
				undecided++
			case beside != linear.Undecided && r.Verdict != beside:
				t.Errorf("%s, key %s: %v, porcupine says %s", name, h.Keys[key], r, beside)
			}
			if r.Verdict == linear.Fail {
				got = linear.Fail
			}
		}
		if want := map[bool]linear.Verdict{true: linear.Pass, false: linear.Fail}[strings.HasSuffix(name, "ok")]; got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if undecided > 4 { // of the 50 clients' histories; what they are, the log says
		t.Errorf("%d keys undecided", undecided)
	}
}

func TestTheModelThatIsSaidIsKept(t *testing.T) {
	for _, c := range []struct {
		model      Model
		text, want string
	}{
		{RegisterModel, "{:process 1 :type :invoke :f :add :value 1}", "h.edn:1: adjust is no operation on a register"},
		{CounterModel, "{:process 1 :type :invoke :f :write :value 1}", "h.edn:1: write is no operation on a counter"},
	} {
		if _, err := ReadEDN(strings.NewReader(c.text), "h.edn", Mapping{Model: c.model}); err == nil || err.Error() != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	const reads = "{:process 1 :type :invoke :f :read}{:process 1 :type :ok :f :read :value 7}"
	h, err := ReadEDN(strings.NewReader(reads), "h.edn", Mapping{Model: CounterModel})
	if err != nil || h.Register || h.Ops[0].Remaining != 7 {
		t.Errorf("%+v, %v", h, err)
	}
}

func TestAMappingIsParsed(t *testing.T) {
	m, err := ParseMapping("process=client, deduct=take,seq=version")
	if err != nil || m.Process != "client" || m.Seq != "version" || m.Functions["take"] != linear.Deduct || m.Key != "" {
		t.Errorf("%+v, %v", m, err)
	}
	for text, want := range map[string]string{
		"process":                 `"process" is not of the form what=name`,
		"price=p":                 `"price" is no field and no kind of operation`,
		"note=n":                  `"note" is no field and no kind of operation`,
		"key=a,key=b":             "key is named twice, a and b",
		"deduct=move,cancel=move": "move is the name of two kinds of operation, deduct and cancel",
	} {
		if _, err := ParseMapping(text); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
}
