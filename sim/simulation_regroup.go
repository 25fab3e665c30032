package sim

import (
	"slices"
	"strings"

	"stockproof/sim/engine"
)

// Regrouping are the ready actors whose next step changes who is in one consumer group, or hands a member what that
// gave it, where nothing that anybody else may do before then can hinder or notice it: nil if there is no such
// group. They are all that a search need consider now, in every order among them (a persistent set: Godefroid
// 1996). The conditions, for each group:
//
//   - everybody whose instance was ever in it is dead, in it, or among the actors: nobody else can join first;
//   - no living member is a zombie, and nothing is being taken back from one: nobody releases anything;
//   - no join among them takes away what a living member works on: who works does not notice.
//
// What a member does with records commutes with the rest: a fetch and an offset commit ask for the claim alone,
// which stays as it is. It takes that no fault may strike any more that changes a group.
func (s *Simulation) Regrouping(ready []*engine.Actor) []int {
	var groups []string
	for _, a := range ready {
		if g := s.regroups(a); g != "" && !slices.Contains(groups, g) {
			groups = append(groups, g)
		}
	}
	slices.Sort(groups)
	for _, g := range groups {
		if s.undisturbed(g, ready) {
			var all []int
			for i, a := range ready {
				if s.regroups(a) == g {
					all = append(all, i)
				}
			}
			return all
		}
	}
	return nil
}

// regroups is the group that an actor's next step is about, and nothing else: "" if there is none.
func (s *Simulation) regroups(a *engine.Actor) string {
	p := a.Point()
	if client, ok := strings.CutPrefix(a.Name, "servers/kafka evicts "); ok {
		name, _, _ := strings.Cut(client, "'")
		if in := s.instance(name); in != nil && len(in.groups()) == 1 {
			return in.groups()[0]
		}
		return ""
	}
	switch {
	case p.Call.Server != "kafka" || a.Proc.Dead():
		return ""
	case p.Phase == engine.Request && p.Call.Op == "join":
		return p.Call.Key
	case p.Phase == engine.Inside && p.Call.Op == "claim waits":
		group, _ := strings.CutPrefix(p.Call.Key, "group/")
		return group
	}
	return ""
}

// undisturbed reports whether the conditions of Regrouping hold for a group.
func (s *Simulation) undisturbed(group string, ready []*engine.Actor) bool {
	joins := func(a *engine.Actor) bool {
		return a.Point().Phase == engine.Request && a.Point().Call.Op == "join" && s.regroups(a) == group
	}
	for _, in := range s.instances {
		switch {
		case in.suffix != "":
			return false // its group is known by another name
		case in.retired || in.ended || !slices.Contains(in.groups(), group):
		case s.Kafka.Joined(group, in.client):
		case !slices.ContainsFunc(ready, func(a *engine.Actor) bool { return a.Proc == in.proc && joins(a) }):
			return false
		}
	}
	return s.Kafka.Settled(group, s.deadClient) &&
		!(slices.ContainsFunc(ready, joins) && s.Kafka.JoinDisturbs(group, s.deadClient))
}

// TakenBack reports whether a living consumer was told to let go of a partition and has not yet.
func (s *Simulation) TakenBack() bool { return s.Kafka.TakenBack(s.deadClient) }

// deadClient reports whether nobody is there any more whom the broker knows by a name.
func (s *Simulation) deadClient(client string) bool {
	return !slices.ContainsFunc(s.instances, func(in *Instance) bool { return in.client == client && !in.proc.Dead() })
}

// groups are the consumer groups that any life of the instance has joined.
func (in *Instance) groups() []string {
	all := in.earlier
	for _, j := range in.broker.joined() {
		all = with(all, j.group)
	}
	return all
}

func with(all []string, one string) []string {
	if slices.Contains(all, one) {
		return all
	}
	return append(all[:len(all):len(all)], one)
}
