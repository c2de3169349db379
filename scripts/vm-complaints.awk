# SPDX-License-Identifier: MIT
# vm-complaints.awk - the reports in a kernel's log, whole
#
# Usage: dmesg | awk -f vm-complaints.awk
# A line that starts a report is printed, and those after it until one that ends
# reports of its kind, or a second without a line, or 200 lines. A data race is
# reported only if this module has part in it; others are counted.

function finish(    i) {
	if (lines && (!race || (ours && report[1] !~ timers)))
		for (i = 1; i <= lines; i++)
			print "exmap-vm: complaint: " report[i]
	else if (lines)
		elsewhere++
	lines = race = ours = interrupted = 0
}

BEGIN {
	start = "WARNING|BUG[: ]|kernel BUG at|Oops|INFO: |general protection|divide error|stack segment|" \
		"Kernel panic|Bad (page|rss|swap)|KASAN|UBSAN|ODEBUG|page_table_check|list_(add|del) corruption|" \
		"refcount_t:|pagealloc:|page dumped because|possible (circular|recursive|irq)|" \
		"unreferenced object|soft lockup|hung_task|DEBUG_LOCKS|Call Trace"
	# Lines that look like it and are not.
	harmless = "INFO: lockdep is turned off|INFO: NMI handler"
	# A sleeper looks at its timer while that runs out: kernel/time/hrtimer.c means to.
	timers = "data-race in hrtimer_wakeup / schedule_hrtimeout_range_clock"
}

{
	time = -1
	if (match($0, /^\[ *[0-9]+\.[0-9]+\]/))
		time = substr($0, 2, RLENGTH - 2) + 0
	text = $0
	sub(/^\[ *[0-9]+\.[0-9]+\](\[[^]]*\])? ?/, "", text)
}

lines && (lines >= 200 || (time >= 0 && time > last + 1)) { finish() }

!lines && (text !~ start || text ~ harmless) { next }

{
	if (!lines)
		race = text ~ /KCSAN/
	report[++lines] = text
	last = time
	# What was interrupted has no part in what the interrupt does.
	if (text ~ /^(read|write|read-write)( \(marked\))? to /)
		interrupted = 0
	if (text ~ /asm_sysvec_/)
		interrupted = 1
	if (text ~ /\[exmap\]/ && !interrupted)
		ours = 1
	if (lines > 1 && text ~ /^==========|end trace/)
		finish()
}

END {
	finish()
	if (elsewhere)
		print "exmap-vm: note: " elsewhere " data races in which the module has no part"
}
