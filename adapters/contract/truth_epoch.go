package contract

import (
	"stockproof/inventory/port"
)

func truthEpochCases() []truthCase {
	return []truthCase{
		{"before the first SetEpoch the gate is closed", truthGateClosed},
		{"SetEpoch opens with 1 and goes on with the clock", truthSetEpoch},
		{"a barrier writes to the log", truthBarrier},
		{"CheckEpoch names its transaction", truthXID},
		{"a deposed server is closed until SetEpoch", truthDeposed},
		{"IntakeVisible knows who is still running", truthIntakeVisible},
		{"IntakeVisible: an id from the future is not of this server", truthIntakeFuture},
	}
}

func truthGateClosed(r *truthRig) {
	var check port.CheckEpoch
	var read port.ReadEpoch
	r.do(&check)
	r.do(&read)
	if check.Open || check.Epoch != 0 || check.XID == 0 || read.Epoch != 0 || read.NowMS < check.NowMS {
		r.Fatalf("%+v %+v", check, read)
	}
}

func truthSetEpoch(r *truthRig) {
	var one, two, three port.SetEpoch
	var read port.ReadEpoch
	r.do(&one)
	r.do(&two)
	r.do(&three, &read)
	if one.Epoch != 1 || two.Epoch < 1_600_000_000 || three.Epoch <= two.Epoch || read.Epoch != three.Epoch {
		r.Fatal(one, two, three, read)
	}
	if now := read.NowMS / 1000; two.Epoch > now {
		r.Fatalf("epoch %d is ahead of the clock, %d s", two.Epoch, now)
	}
}

func truthBarrier(r *truthRig) {
	var first, second port.Barrier
	r.do(&first)
	r.do(&port.SetEpoch{}, &second)
	if first.LSN <= 0 || second.LSN <= first.LSN {
		r.Fatal(first.LSN, second.LSN)
	}
}

func truthXID(r *truthRig) {
	r.do(&port.SetEpoch{})
	var first, again, second, third port.CheckEpoch
	var read port.ReadEpoch
	tx := r.begin(r.a, &first)
	tx.commit(&again, &read)
	r.do(&second)
	r.must(r.b.Do(r.ctx, &third))
	if !first.Open || first.Epoch != 1 || first.XID <= 0 || first.NowMS <= 0 || first.NowMS > read.NowMS {
		r.Fatalf("%+v, later %+v", first, read)
	}
	if again.XID != first.XID || second.XID <= first.XID || third.XID <= second.XID {
		r.Fatal(first.XID, again.XID, second.XID, third.XID)
	}
}

func truthDeposed(r *truthRig) {
	r.do(&port.SetEpoch{})
	r.bed.Depose()
	var check port.CheckEpoch
	var read port.ReadEpoch
	r.do(&check)
	r.do(&read)
	if check.Open || check.Epoch != 1 || read.Epoch != 1 {
		r.Fatalf("%+v %+v", check, read)
	}
	var set port.SetEpoch
	r.do(&set)
	r.do(&check)
	if !check.Open || check.Epoch != set.Epoch || set.Epoch <= 1 {
		r.Fatalf("%+v after %+v", check, set)
	}
}

// intake asks for the fate of a transaction in one of its own.
func (r *truthRig) intake(epoch, xid int64) port.IntakeVisible {
	r.Helper()
	st := port.IntakeVisible{IntakeEpoch: epoch, XID: xid}
	r.must(r.b.Do(r.ctx, &st))
	return st
}

func truthIntakeVisible(r *truthRig) {
	r.do(&port.SetEpoch{})
	var running, rolled, done, later port.CheckEpoch
	tx := r.begin(r.a, &running)
	other := r.begin(r.a, &rolled)
	r.do(&done)
	want := func(what string, st port.IntakeVisible, inProgress, current bool) {
		r.Helper()
		if st.InProgress != inProgress || st.Current != current {
			r.Fatalf("%s: %+v", what, st)
		}
	}
	want("running", r.intake(1, running.XID), true, true)
	want("running, of another epoch", r.intake(5, running.XID), true, false)
	want("committed", r.intake(1, done.XID), false, true)
	want("committed, of another epoch", r.intake(0, done.XID), false, false)
	other.rollback()
	want("rolled back", r.intake(1, rolled.XID), false, true)
	last := r.begin(r.a, &later)
	want("the newest running one", r.intake(1, later.XID), true, true)
	last.rollback()
	tx.commit()
	want("committed at last", r.intake(1, running.XID), false, true)
}

func truthIntakeFuture(r *truthRig) {
	r.do(&port.SetEpoch{})
	if st := r.intake(1, 1<<40); st.InProgress || !st.Current {
		r.Fatalf("%+v", st)
	}
	if st := r.intake(0, 1<<40); st.InProgress || st.Current {
		r.Fatalf("%+v", st)
	}
}
