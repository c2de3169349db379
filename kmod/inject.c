// SPDX-License-Identifier: GPL-2.0-only OR MIT
/* inject.c - errors on purpose; see inject.h */

#include <linux/debugfs.h>
#include <linux/hrtimer.h>
#include <linux/random.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "entry.h"
#include "inject.h"

DEFINE_STATIC_KEY_FALSE(exmap_injecting);

/**
 * struct injection - the rules of a time
 * @rules: the rules. Constant
 * @state: what they go by
 * @times: how often each did something
 */
struct injection {
	struct exmap_inject_rules rules;
	struct exmap_inject_state state;
	u64 times[EXMAP_INJECT_RULES];
};

/* The present rules, or NULL; under @lock, as what is in it. The last lock that is taken. */
static struct injection *present;
static DEFINE_MUTEX(lock);
/* Held while rules replace others, so that the static key tells of the last ones. */
static DEFINE_MUTEX(replacing);

static void decide(enum exmap_inject_op op, u32 id, const struct exmap_run *runs, u32 nr_runs,
		   struct exmap_injected *what)
{
	static const struct exmap_inject_rules none;
	u32 nr;

	mutex_lock(&lock);
	if (present)
		exmap_inject(&present->rules, &present->state, op, id, runs, nr_runs, what);
	else
		exmap_inject(&none, NULL, op, id, runs, nr_runs, what);
	for (nr = 0; nr < EXMAP_INJECT_RULES; nr++) {
		if (what->rules & BIT(nr))
			present->times[nr]++;
	}
	mutex_unlock(&lock);
}

/* Lets time pass, but for a process that is being killed. */
static void wait_for(u64 ns)
{
	ktime_t end = ktime_add_ns(ktime_get(), ns);

	while (!fatal_signal_pending(current)) {
		set_current_state(TASK_KILLABLE);
		if (!schedule_hrtimeout(&end, HRTIMER_MODE_ABS))
			return;
	}
}

int exmap_injected_setup(void)
{
	struct exmap_injected what;

	decide(EXMAP_INJECT_SETUP, 0, NULL, 0, &what);
	return what.error;
}

u64 exmap_injected_map(exmap_mapper map, struct exmap_surface *s, u32 id,
		       const struct exmap_run *runs, u32 nr_runs)
{
	struct exmap_injected what;

	decide(EXMAP_INJECT_ALLOC, id, runs, nr_runs, &what);
	if (what.delay_ns)
		wait_for(what.delay_ns);
	return exmap_inject_map(map, s, id, runs, nr_runs, what.fit);
}

void exmap_injected_unmap(u32 id, const struct exmap_run *runs, u32 nr_runs)
{
	struct exmap_injected what;

	decide(EXMAP_INJECT_FREE, id, runs, nr_runs, &what);
	if (what.delay_ns)
		wait_for(what.delay_ns);
}

s64 exmap_injected_read(exmap_reader read, struct exmap_surface *core, u32 id, u64 page, u32 len)
{
	struct exmap_vma *s = exmap_vma_of(core);
	struct exmap_port *port = exmap_port_of(s->dev->core.interfaces[id]);
	struct exmap_run run = { .page = page, .len = len };
	struct exmap_injected what;
	s64 bytes;

	decide(EXMAP_INJECT_READ, id, &run, 1, &what);
	if (what.delay_ns) {
		exmap_step_out(s, port);
		wait_for(what.delay_ns);
		if (!exmap_step_in(s, port))
			return -EPROTO;
	}
	if (what.error)
		return what.error;
	if (what.bytes != U64_MAX)
		port->end = (page << PAGE_SHIFT) + what.bytes;
	bytes = read(core, id, page, len);
	port->end = 0;
	return bytes;
}

/* Return: whether a rule was read. If not, the kernel's log says why. */
static bool add_rule(struct exmap_inject_rules *rules, const char *text)
{
	char why[160];

	if (rules->nr == EXMAP_INJECT_RULES) {
		pr_err("exmap: inject: more than %d rules; leave some out\n", EXMAP_INJECT_RULES);
		return false;
	}
	if (!exmap_inject_parse(text, strlen(text), &rules->rule[rules->nr], why, sizeof(why))) {
		pr_err("exmap: inject: %s: %s; there is %s\n", text, why, EXMAP_INJECT_USAGE);
		return false;
	}
	rules->nr++;
	return true;
}

static void replace(struct injection *new)
{
	bool any = new;

	mutex_lock(&replacing);
	mutex_lock(&lock);
	swap(present, new);
	mutex_unlock(&lock);
	if (any)
		static_branch_enable(&exmap_injecting);
	else
		static_branch_disable(&exmap_injecting);
	mutex_unlock(&replacing);
	kvfree(new);
}

static int replace_rules(char *text)
{
	struct injection *new = kvzalloc(sizeof(*new), GFP_KERNEL);
	char *word;

	if (!new)
		return -ENOMEM;
	while ((word = strsep(&text, "; \t\n")) != NULL) {
		if (*word && !add_rule(&new->rules, word)) {
			kvfree(new);
			return -EINVAL;
		}
	}
	if (!new->rules.nr) {
		kvfree(new);
		new = NULL;
	} else {
		/* Short enough to be typed again, and not 0. */
		new->state.seed = get_random_u32() / 2 + 1;
	}
	replace(new);
	return 0;
}

static ssize_t rules_write(struct file *file, const char __user *user, size_t len, loff_t *pos)
{
	char *text;
	int ret;

	if (len > PAGE_SIZE)
		return -EINVAL;
	text = memdup_user_nul(user, len);
	if (IS_ERR(text))
		return PTR_ERR(text);
	ret = replace_rules(text);
	kfree(text);
	return ret ? ret : len;
}

static int rules_show(struct seq_file *file, void *unused)
{
	u32 i;

	mutex_lock(&lock);
	for (i = 0; present && i < present->rules.nr; i++) {
		const struct exmap_inject_rule *rule = &present->rules.rule[i];

		seq_puts(file, rule->text);
		if (exmap_inject_draws(rule))
			seq_printf(file, ":seed=%llu", present->state.seed);
		seq_printf(file, " %llu times\n", present->times[i]);
	}
	mutex_unlock(&lock);
	return 0;
}

static int rules_open(struct inode *inode, struct file *file)
{
	return single_open(file, rules_show, NULL);
}

const struct file_operations exmap_inject_fops = {
	.owner = THIS_MODULE,
	.open = rules_open,
	.read = seq_read,
	.write = rules_write,
	.llseek = seq_lseek,
	.release = single_release,
};

void exmap_inject_exit(void)
{
	replace(NULL);
}
