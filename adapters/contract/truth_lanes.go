package contract

import (
	"strings"

	"stockproof/inventory/port"
	"stockproof/model"
)

func truthLaneCases() []truthCase {
	return []truthCase{
		{"CreateLanes makes what is missing and keeps the rest", truthLanesCreate},
		{"lanes come back in key order, unknown ones not at all", truthLanesOrder},
		{"lanes of any name are kept and ordered as bytes", truthLanesBytes},
		{"a name that is no text is a contract violation", truthLanesBadText},
		{"ScanLanes pages through all lanes", truthLanesScan},
		{"WriteLanes replaces the counters and leaves the bump", truthLanesWrite},
		{"WriteLanes of an unknown lane is refused whole", truthLanesWriteUnknown},
		{"stock below zero is refused", truthLanesOnHand},
		{"promises beyond the limit are refused unless the lane is short", truthLanesPromised},
		{"BumpLane needs its lane", truthLanesBump},
		{"empty lists of lanes do nothing", truthLanesEmpty},
	}
}

func keysOfLanes(lanes []model.Lane) (keys []model.LaneKey) {
	for _, l := range lanes {
		keys = append(keys, l.Key)
	}
	return keys
}

func truthLanesCreate(r *truthRig) {
	r.created(stocked("B", 3, 9))
	r.do(&port.CreateLanes{Lanes: []model.LaneKey{laneAt("A"), laneAt("B")}})
	same(r, "new lane", r.lane("A"), model.Lane{Key: laneAt("A")})
	same(r, "old lane", r.lane("B"), stocked("B", 3, 9))
}

func truthLanesOrder(r *truthRig) {
	lanes := []model.Lane{stocked("A", 1, 1), stocked("B", 2, 2), stocked("C", 3, 3)}
	lanes[1].Safety, lanes[1].BackorderLimit, lanes[1].Reserved = 4, 5, 1
	r.created(lanes...)
	keys := []model.LaneKey{laneAt("A"), laneAt("AA"), laneAt("B"), laneAt("C"), laneAt("D")}
	lock, read := &port.LockLanes{Lanes: keys}, &port.ReadLanes{Lanes: keys}
	share := &port.ReadLanes{Lanes: keys, Share: true}
	r.do(lock, read, share)
	same(r, "locked", lock.Found, lanes)
	same(r, "read", read.Found, lanes)
	same(r, "shared", share.Found, lanes)
}

func truthLanesBytes(r *truthRig) {
	long := strings.Repeat("x", model.MaxSKUBytes)
	keys := []model.LaneKey{
		{SKU: "", Loc: ""}, {SKU: "", Loc: "main"}, {SKU: "B", Loc: "main"}, {SKU: "a", Loc: "a"},
		{SKU: "a", Loc: "main#1"}, {SKU: "a b", Loc: "main"}, {SKU: "{}:#\"\\", Loc: "main"},
		{SKU: "\u00e9", Loc: "main"},
		{SKU: "\U0001F602", Loc: "main"},
	}
	keys = append(keys[:6:6],
		append([]model.LaneKey{{SKU: model.SKU(long), Loc: model.Location(long)}}, keys[6:]...)...)
	r.do(&port.CreateLanes{Lanes: keys})
	lock, scan := &port.LockLanes{Lanes: keys}, &port.ScanLanes{Max: 100}
	r.do(lock, scan)
	same(r, "locked", keysOfLanes(lock.Found), keys)
	same(r, "scanned", keysOfLanes(scan.Lanes), keys)
}

func truthLanesBadText(r *truthRig) {
	for _, sku := range []string{"a\x00b", "\xff"} {
		r.fails(port.ErrContract, &port.CreateLanes{Lanes: []model.LaneKey{laneAt(sku)}})
	}
	scan := &port.ScanLanes{Max: 1}
	r.do(scan)
	same(r, "lanes", scan.Lanes, nil)
}

func truthLanesScan(r *truthRig) {
	all := []model.Lane{stocked("A", 1, 1), stocked("B", 1, 1), stocked("C", 1, 1), stocked("D", 1, 1),
		stocked("E", 1, 1)}
	r.created(all...)
	for _, share := range []bool{false, true} {
		var got []model.Lane
		var after *model.LaneKey
		for pages := 0; ; pages++ {
			st := &port.ScanLanes{After: after, Max: 2, Share: share}
			r.do(st)
			if len(st.Lanes) == 0 {
				same(r, "pages", pages, 3)
				break
			}
			got = append(got, st.Lanes...)
			after = &st.Lanes[len(st.Lanes)-1].Key
		}
		same(r, "lanes", got, all)
	}
}

func truthLanesWrite(r *truthRig) {
	r.created(stocked("A", 1, 5))
	r.do(&port.BumpLane{Lane: laneAt("A")}, &port.BumpLane{Lane: laneAt("A")})
	want := model.Lane{Key: laneAt("A"), Bump: 77, Seq: 2, OnHand: 8, Reserved: 3, Safety: 1,
		BackorderLimit: 2, StockVersion: 2, Short: true}
	r.do(&port.WriteLanes{Lanes: []model.Lane{want}})
	want.Bump = 2
	same(r, "lane", r.lane("A"), want)
}

func truthLanesWriteUnknown(r *truthRig) {
	r.created(stocked("A", 1, 5))
	r.refused(port.ErrConflict, "SP001", "sku_lane", "sku_lane_exists",
		&port.WriteLanes{Lanes: []model.Lane{stocked("A", 2, 6), stocked("B", 1, 1)}})
	scan := &port.ScanLanes{Max: 10}
	r.do(scan)
	same(r, "lanes", scan.Lanes, []model.Lane{stocked("A", 1, 5)})
}

func truthLanesOnHand(r *truthRig) {
	r.created(stocked("A", 1, 5))
	bad := stocked("A", 2, -1)
	bad.BackorderLimit = 10
	r.refused(port.ErrContract, "23514", "sku_lane", "sku_lane_on_hand_check",
		&port.WriteLanes{Lanes: []model.Lane{bad}})
	same(r, "lane", r.lane("A"), stocked("A", 1, 5))
}

func truthLanesPromised(r *truthRig) {
	r.created(stocked("A", 1, 5))
	l := stocked("A", 2, 5)
	l.Reserved, l.Safety, l.BackorderLimit = 4, 3, 2 // 5-4-3 = -2
	r.do(&port.WriteLanes{Lanes: []model.Lane{l}})
	beyond := l
	beyond.Reserved = 5
	r.refused(port.ErrContract, "23514", "sku_lane", "sku_lane_promise_check",
		&port.WriteLanes{Lanes: []model.Lane{beyond}})
	same(r, "lane", r.lane("A"), l)
	beyond.Short = true
	r.do(&port.WriteLanes{Lanes: []model.Lane{beyond}})
	same(r, "short lane", r.lane("A"), beyond)
}

func truthLanesBump(r *truthRig) {
	r.created(stocked("A", 1, 5))
	r.do(&port.BumpLane{Lane: laneAt("A")})
	want := stocked("A", 1, 5)
	want.Bump = 1
	same(r, "lane", r.lane("A"), want)
	r.refused(port.ErrConflict, "SP001", "sku_lane", "sku_lane_exists", &port.BumpLane{Lane: laneAt("B")})
}

func truthLanesEmpty(r *truthRig) {
	lock, read, share := &port.LockLanes{}, &port.ReadLanes{}, &port.ReadLanes{Share: true}
	r.do(&port.CreateLanes{}, lock, read, share, &port.WriteLanes{}, &port.ScanLanes{})
	same(r, "lanes", append(append(lock.Found, read.Found...), share.Found...), nil)
}
