/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guest's Goldfish RTC: a clock of nanoseconds that the guest may set (kept as an offset to
 * the host's) and one alarm. device.lock guards everything.
 */
#include <core/alloc.h>
#include <emulators/devices.h>

#include "state.h"

#define RTC_SIZE 0x1000

enum rtc_register {
	REG_TIME_LOW = 0x00, /* a read latches what TIME_HIGH will read */
	REG_TIME_HIGH = 0x04,
	REG_ALARM_LOW = 0x08, /* a write arms the alarm */
	REG_ALARM_HIGH = 0x0c,
	REG_IRQ_ENABLED = 0x10,
	REG_CLEAR_ALARM = 0x14,
	REG_ALARM_STATUS = 0x18,
	REG_CLEAR_INTERRUPT = 0x1c,
	REG_END = 0x20,
};

struct rtc {
	struct device device;
	uint64_t (*now)(void);
	unsigned int source;
	bool line; /* as vm_irq_set() was told last */
	bool armed;
	bool pending;
	bool enabled;
	uint64_t offset; /* the guest's clock minus the host's, modulo 2^64 */
	uint64_t alarm; /* in the guest's time */
	uint32_t time_high; /* the latch */
};

static struct rtc *rtc_of(struct device *device)
{
	return container_of(device, struct rtc, device);
}

static uint64_t guest_time(const struct rtc *rtc)
{
	return rtc->now() + rtc->offset;
}

static uint64_t low_replaced(uint64_t v, uint32_t low)
{
	return (v & GENMASK(63, 32)) | low;
}

static uint64_t high_replaced(uint64_t v, uint32_t high)
{
	return (v & GENMASK(31, 0)) | (uint64_t)high << 32;
}

/** Raises an alarm that is due and brings the interrupt up to date. */
static void update(struct rtc *rtc) REQUIRES(rtc->device.lock)
{
	bool line;

	if (rtc->armed && rtc->alarm <= guest_time(rtc)) {
		rtc->armed = false;
		rtc->pending = true;
	}
	line = rtc->pending && rtc->enabled;
	if (line == rtc->line)
		return;
	rtc->line = line;
	vm_irq_set(rtc->device.vm, rtc->source, line);
}

static uint32_t register_read(struct rtc *rtc, enum rtc_register reg) REQUIRES(rtc->device.lock)
{
	uint64_t time;

	switch (reg) {
	case REG_TIME_LOW:
		time = guest_time(rtc);
		rtc->time_high = (uint32_t)(time >> 32);
		return (uint32_t)time;
	case REG_TIME_HIGH:
		return rtc->time_high;
	case REG_ALARM_LOW:
		return (uint32_t)rtc->alarm;
	case REG_ALARM_HIGH:
		return (uint32_t)(rtc->alarm >> 32);
	case REG_IRQ_ENABLED:
		return rtc->enabled;
	case REG_ALARM_STATUS:
		return rtc->armed;
	default:
		return 0;
	}
}

static void register_write(struct rtc *rtc, enum rtc_register reg, uint32_t value)
	REQUIRES(rtc->device.lock)
{
	uint64_t time = guest_time(rtc);

	switch (reg) {
	case REG_TIME_LOW:
		rtc->offset += low_replaced(time, value) - time;
		break;
	case REG_TIME_HIGH:
		rtc->offset += high_replaced(time, value) - time;
		break;
	case REG_ALARM_LOW:
		rtc->alarm = low_replaced(rtc->alarm, value);
		rtc->armed = true;
		break;
	case REG_ALARM_HIGH:
		rtc->alarm = high_replaced(rtc->alarm, value);
		break;
	case REG_IRQ_ENABLED:
		rtc->enabled = value & 1;
		break;
	case REG_CLEAR_ALARM:
		rtc->armed = false;
		break;
	case REG_CLEAR_INTERRUPT:
		rtc->pending = false;
		break;
	default:
		break; /* ALARM_STATUS is read-only */
	}
}

static bool access_is_odd(struct device *device, uint64_t offset, unsigned int width)
{
	if (likely(width == 4 && offset % 4 == 0 && offset < REG_END))
		return false;
	device_odd_access(device);
	return true;
}

static uint64_t rtc_read(struct device *device, uint64_t offset, unsigned int width)
{
	struct rtc *rtc = rtc_of(device);
	unsigned long flags;
	uint32_t value;

	if (access_is_odd(device, offset, width))
		return 0;
	flags = spin_lock(&rtc->device.lock);
	update(rtc);
	value = register_read(rtc, (enum rtc_register)offset);
	spin_unlock(&rtc->device.lock, flags);
	return value;
}

static void rtc_write(struct device *device, uint64_t offset, unsigned int width, uint64_t value)
{
	struct rtc *rtc = rtc_of(device);
	unsigned long flags;

	if (access_is_odd(device, offset, width))
		return;
	flags = spin_lock(&rtc->device.lock);
	update(rtc);
	register_write(rtc, (enum rtc_register)offset, (uint32_t)value);
	update(rtc);
	spin_unlock(&rtc->device.lock, flags);
}

void rtc_poll(struct device *device)
{
	struct rtc *rtc = rtc_of(device);
	unsigned long flags = spin_lock(&rtc->device.lock);

	update(rtc);
	spin_unlock(&rtc->device.lock, flags);
}

uint64_t rtc_alarm(struct device *device)
{
	struct rtc *rtc = rtc_of(device);
	unsigned long flags = spin_lock(&rtc->device.lock);
	uint64_t due = UINT64_MAX;

	if (rtc->armed) {
		uint64_t now = rtc->now();
		uint64_t time = now + rtc->offset;
		uint64_t left = rtc->alarm > time ? rtc->alarm - time : 0;

		if (left < UINT64_MAX - now)
			due = now + left;
	}
	spin_unlock(&rtc->device.lock, flags);
	return due;
}

/** The clock has a battery: the time that the guest set outlives the reset. */
static void rtc_reset(struct device *device)
{
	struct rtc *rtc = rtc_of(device);
	unsigned long flags = spin_lock(&rtc->device.lock);

	rtc->armed = false;
	rtc->pending = false;
	rtc->enabled = false;
	rtc->alarm = 0;
	rtc->time_high = 0;
	update(rtc);
	spin_unlock(&rtc->device.lock, flags);
}

static void rtc_destroy(struct device *device)
{
	alloc_free(rtc_of(device));
}

static size_t rtc_state_size(const struct device *device)
{
	(void)device;
	return sizeof(struct rtc_state);
}

static void rtc_save(struct device *device, void *to)
{
	struct rtc *rtc = rtc_of(device);
	unsigned long flags = spin_lock(&rtc->device.lock);

	*(struct rtc_state *)to = (struct rtc_state){
		.offset = rtc->offset,
		.time = guest_time(rtc),
		.alarm = rtc->alarm,
		.time_high = rtc->time_high,
		.armed = rtc->armed,
		.pending = rtc->pending,
		.enabled = rtc->enabled,
	};
	spin_unlock(&rtc->device.lock, flags);
}

static const char *rtc_check(const struct device *device, const void *from, size_t size)
{
	const struct rtc_state *state = from;

	(void)device;
	if (size != sizeof(*state))
		return "its size is another";
	if (state->armed > 1 || state->pending > 1 || state->enabled > 1 || state->reserved)
		return "a flag is neither 0 nor 1";
	return NULL;
}

/** The host's clock may be another one: the guest's goes on with it, but never back. */
static void rtc_restore(struct device *device, const void *from)
{
	const struct rtc_state *state = from;
	struct rtc *rtc = rtc_of(device);
	unsigned long flags = spin_lock(&rtc->device.lock);
	uint64_t now = rtc->now();

	rtc->offset = state->offset;
	if ((int64_t)(now + rtc->offset - state->time) < 0)
		rtc->offset = state->time - now;
	rtc->alarm = state->alarm;
	rtc->time_high = state->time_high;
	rtc->armed = state->armed;
	rtc->pending = state->pending;
	rtc->enabled = state->enabled;
	rtc->line = rtc->pending && rtc->enabled;
	vm_irq_set(rtc->device.vm, rtc->source, rtc->line);
	update(rtc);
	spin_unlock(&rtc->device.lock, flags);
}

static const struct device_ops rtc_ops = {
	.name = "rtc",
	.read = rtc_read,
	.write = rtc_write,
	.reset = rtc_reset,
	.destroy = rtc_destroy,
	.state_version = 1,
	.state_size = rtc_state_size,
	.save = rtc_save,
	.check = rtc_check,
	.restore = rtc_restore,
};

struct device *rtc_create(struct vm *vm, gpa_t base, unsigned int source, uint64_t (*now)(void))
{
	struct rtc *rtc = alloc_zero(sizeof(*rtc));

	if (rtc == NULL)
		return NULL;
	rtc->device.ops = &rtc_ops;
	rtc->device.vm = vm;
	rtc->device.base = base;
	rtc->device.size = RTC_SIZE;
	spin_init(&rtc->device.lock, LOCK_DEVICE);
	rtc->now = now;
	rtc->source = source;
	return &rtc->device;
}
