// Many-jobs: up to 100 rows are taken at once and carried out later; their results are told when the job has ended (vendor doc:
// "Job Statuses"). While it runs `results` is null; how they look then is a setting: an array, an object, or null.
import crypto from "node:crypto";
import { Failure } from "../lib/failure.mjs";
import { headers, notFound, refuse, tooMany } from "./errors.mjs";

const most = 100, running = 30, kept = 100;

export class Jobs {
  constructor(platform) {
    this.platform = platform;
    this.jobs = new Map();                 // id → {kind, rows, status, due, results, message}
  }

  clear() { for (const job of this.jobs.values()) clearTimeout(job.timer); this.jobs.clear(); }

  /** POST /<kind>/create_or_update_many */
  start(kind, rows) {
    if (!Array.isArray(rows)) throw refuse(400, "InvalidValue", `${kind} must be a list`);
    if (rows.length > most) throw tooMany(most);
    const open = [...this.jobs.values()].filter((j) => j.status === "queued" || j.status === "working").length;
    if (open >= running) throw refuse(429, "TooManyJobs", "Too many jobs are currently queued or running. Try again later.");
    const id = `V3-${crypto.randomBytes(16).toString("hex")}`;
    const job = { id, kind, rows, status: "queued", progress: null, message: null, results: null };
    this.jobs.set(id, job);
    if (this.jobs.size > kept) this.jobs.delete(this.jobs.keys().next().value);
    job.timer = setTimeout(() => this.carryOut(job), this.platform.settings.job_ms ?? 100);
    return { status: 200, headers, body: { job_status: this.shown(job) } };
  }

  show(id) {
    const job = this.jobs.get(id);
    if (!job) throw notFound();
    return { status: 200, headers, body: { job_status: this.shown(job) } };
  }

  shown({ id, kind, rows, status, progress, message, results }) {
    return { id, job_type: `Bulk Create Or Update ${kind}`, url: `${this.platform.base}/api/v2/job_statuses/${id}.json`, total: rows.length, progress, status, message, results };
  }

  carryOut(job) {
    if (this.platform.settings.job_end === "killed") return Object.assign(job, { status: "killed", message: "The job was killed" });
    const { store } = this.platform;
    const times = new Map();
    const name = (row) => String(row?.external_id ?? row?.email ?? "");
    for (const row of job.rows) times.set(name(row), (times.get(name(row)) ?? 0) + 1);
    store.begin();
    const results = job.rows.map((row, index) => {
      const mark = store.mark();
      try {
        if (times.get(name(row)) > 1) throw refuse(422, "DuplicateValue", `${name(row)} is in this job more than once`);
        const { status, body } = this.platform.upsert(job.kind, row);
        return { index, id: Object.values(body)[0].id, action: status === 201 ? "create" : "update", status: status === 201 ? "Created" : "Updated", success: true };
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        store.undo(mark);
        const { body } = error.reply;
        return { index, error: body.error, details: body.details ? JSON.stringify(body.details) : body.description };
      }
    });
    this.platform.committed(null, store.commit(0));
    const form = this.platform.settings.job_results ?? "array";
    Object.assign(job, { status: "completed", progress: job.rows.length, message: `Completed at ${this.platform.clock.iso()}`, results: form === "array" ? results : form === "object" ? { success: results.every((r) => r.success) } : null });
  }
}
