#!/usr/bin/env bash
# --leaks and deadlocks: which goroutines nothing can wake, what they wait on, where they were created.
cd "$(dirname "$0")/../.." || exit 1
vole=${VOLE:-build/vole}
passed=0 failed=0
short() { grep -E '^(leaks|fatal|goroutine|	waiting)|leaks\.go:[0-9]* \+0x[0-9a-f]*$' | sed 's/.*\/leaks\.go/ leaks.go/; s/ +0x[0-9a-f]*$//'; }
t() { # NAME STATUS WANT ARGS...
  local name=$1 status=$2 want=$3 out rc
  shift 3
  out=$(timeout 60 "$vole" run "$@" 2>&1); rc=$?
  out=$(short <<<"$out")
  if [ $rc -eq "$status" ] && [ "$out" = "$want" ]; then passed=$((passed + 1))
  else failed=$((failed + 1)); echo "FAIL leaks $name: exit $rc"; diff <(echo "$want") <(echo "$out") | head -20; fi
}
leaked='goroutine 3 [chan send]:
 leaks.go:17
 leaks.go:17
	waiting on chan int (cap 0) that nothing else can reach
goroutine 4 [chan send]:
 leaks.go:21
 leaks.go:21
	waiting on chan [2]uint8 (cap 1) that nothing else can reach
goroutine 5 [select]:
 leaks.go:25
 leaks.go:24
	waiting on chan string (cap 0), chan string (cap 3) that nothing else can reach
goroutine 6 [sync.Mutex.Lock]:
 leaks.go:34
	waiting on a sync.Mutex that nothing else can reach
goroutine 7 [sync.Cond.Wait]:
 leaks.go:36
 leaks.go:36
	waiting on a sync.Cond that nothing else can reach
goroutine 8 [sync.WaitGroup.Wait]:
 leaks.go:39
	waiting on a sync.WaitGroup that nothing else can reach
goroutine 9 [chan receive (nil chan)]:
 leaks.go:40
 leaks.go:40
	waiting on a nil chan, for ever
goroutine 10 [select (no cases)]:
 leaks.go:41
 leaks.go:41
	waiting on a select without cases, for ever'
t end 0 "leaks: nothing can wake 8 goroutines
$leaked" --leaks test/sched/leaks.go
t exit 3 "leaks: nothing can wake 8 goroutines
$leaked" --leaks test/sched/leaks.go exit
t off 0 '' test/sched/leaks.go
t deadlock 2 "fatal error: all goroutines are asleep - deadlock!
goroutine 1 [chan receive]:
 leaks.go:64
	waiting on chan int (cap 0) that nothing else can reach
$leaked
goroutine 11 [chan receive]:
 leaks.go:45
 leaks.go:44
goroutine 12 [chan receive]:
 leaks.go:47
 leaks.go:47
goroutine 13 [chan receive]:
 leaks.go:52
 leaks.go:52
goroutine 14 [chan receive]:
 leaks.go:54
 leaks.go:54
goroutine 15 [chan receive]:
 leaks.go:69
 leaks.go:69" test/sched/leaks.go dead
# Five usual ways to get stuck: what each goroutine waits on, who could have woken it, where it was created.
stuck() { # ARGUMENT STATUS WANT; one schedule, whatever the machine does meanwhile
  local out rc
  out=$(timeout 60 "$vole" run -sched=seed:1 --leaks test/sched/stuck.go "$1" 2>&1); rc=$?
  out=$(grep -E $'^(goroutine|created)|^\twaiting' <<<"$out" | sed 's/^\twaiting on/ -/')
  if [ $rc -eq "$2" ] && [ "$out" = "$3" ]; then passed=$((passed + 1))
  else failed=$((failed + 1)); echo "FAIL leaks stuck $1: exit $rc"; diff <(echo "$3") <(echo "$out") | head -20; fi
}
stuck locks 2 'goroutine 1 [sync.WaitGroup.Wait]:
 - a sync.WaitGroup that only goroutines 3 and 4 can reach, which wait for ever too
goroutine 3 [sync.Mutex.Lock]:
created by sync.(*WaitGroup).Go in goroutine 1
 - a sync.Mutex that only goroutine 4 can reach, which waits for ever too
goroutine 4 [sync.Mutex.Lock]:
created by sync.(*WaitGroup).Go in goroutine 1
 - a sync.Mutex that only goroutine 3 can reach, which waits for ever too'
stuck results 0 'goroutine 4 [chan send]:
created by main.results in goroutine 1
 - chan error (cap 0) that only goroutine 5 can reach, which waits for ever too
goroutine 5 [chan send]:
created by main.results in goroutine 1
 - chan error (cap 0) that only goroutine 4 can reach, which waits for ever too'
stuck jobs 2 'goroutine 1 [sync.WaitGroup.Wait]:
 - a sync.WaitGroup that only goroutines 3 and 4 can reach, which wait for ever too
goroutine 3 [chan receive]:
created by sync.(*WaitGroup).Go in goroutine 1
 - chan int (cap 0) that only goroutine 4 can reach, which waits for ever too
goroutine 4 [chan receive]:
created by sync.(*WaitGroup).Go in goroutine 1
 - chan int (cap 0) that only goroutine 3 can reach, which waits for ever too'
stuck closer 2 'goroutine 1 [chan receive]:
 - chan int (cap 0) that only goroutine 5 can reach, which waits for ever too
goroutine 5 [sync.WaitGroup.Wait]:
created by main.closer in goroutine 1
 - a sync.WaitGroup that nothing else can reach'
stuck request 2 'goroutine 1 [chan send]:
 - chan main.ask (cap 0) that only goroutine 3 can reach, which waits for ever too
goroutine 3 [chan send]:
created by main.request in goroutine 1
 - chan string (cap 0) that nothing else can reach'
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
