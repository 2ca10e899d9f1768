import { z } from 'zod'
import type { JsonObject } from '../kernel/index.ts'
import { jsonRoute, listAnswer, type Route } from '../people/index.ts'
import { labelOf } from './group-files.ts'
import { formatSource, parseSource } from './parse-source.ts'
import type { DownloadOffer, DownloadView, FileGroup, HubServices } from './types.ts'

const api = { scope: 'api', dialect: 'problem', access: 'operator' } as const
const line = (max: number) => z.string().min(1).max(max)
const wish = z.object({ source: line(600), name: line(200).nullish() })
const byId = z.object({ id: z.uuid() })

const groupAnswer = z.object({
  quantisation: z.string().nullable(),
  name: z.string(),
  label: z.string(),
  size_bytes: z.number(),
  files: z.array(
    z.object({ path: z.string(), size_bytes: z.number(), sha256: z.string().nullable() }),
  ),
})
const offerAnswer = z.object({
  source: z.string(),
  publisher: z.string(),
  page_url: z.string(),
  revision: z.string(),
  licence: z.string().nullable(),
  is_gated: z.boolean(),
  model: z.string(),
  same_as: z.string().nullable(),
  chosen: groupAnswer,
  size_bytes: z.number(),
  missing_bytes: z.number(),
  free_bytes: z.number(),
  promised_bytes: z.number(),
  has_room: z.boolean(),
  available: z.array(groupAnswer.omit({ files: true })),
})
const downloadAnswer = z.object({
  id: z.uuid(),
  source: z.string(),
  state: z.enum(['waiting', 'running', 'verifying', 'adding', 'done', 'failed', 'cancelled']),
  model: z.string(),
  publisher: z.string(),
  licence: z.string().nullable(),
  page_url: z.string(),
  file_count: z.number(),
  size_bytes: z.number(),
  done_bytes: z.number(),
  bytes_per_second: z.number().nullable(),
  remaining_seconds: z.number().nullable(),
  waits_for: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  listing_id: z.uuid().nullable(),
  started_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
})

/** Downloads of models from hubs. */
export function hubRoutes(hubs: () => HubServices): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/downloads/offer',
      summary: 'What a hub offers: files, sizes, licence; begins no download',
      query: wish,
      answer: offerAnswer,
      handle: async ({ query }) => ({
        json: shapeOffer(await hubs().offer(parseSource(query.source), query.name ?? null)),
      }),
    }),
    jsonRoute({
      ...api,
      method: 'POST',
      path: '/api/downloads',
      summary: 'Download a model from a hub and add it, on at once; joins one that runs',
      body: wish,
      answer: downloadAnswer,
      handle: async ({ body }) => ({
        status: 202,
        json: shapeDownload(await hubs().start(parseSource(body.source), body.name ?? null)),
      }),
    }),
    ...oneDownload(hubs),
  ]
}

function oneDownload(hubs: () => HubServices): Route[] {
  return [
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/downloads',
      summary: 'Downloads, oldest first: those that run and the last that ended',
      answer: listAnswer(downloadAnswer),
      handle: () => ({ json: { data: hubs().list().map(shapeDownload), next_cursor: null } }),
    }),
    jsonRoute({
      ...api,
      method: 'GET',
      path: '/api/downloads/:id',
      summary: 'How far a download is',
      params: byId,
      answer: downloadAnswer,
      handle: ({ params }) => ({ json: shapeDownload(hubs().get(params.id)) }),
    }),
    jsonRoute({
      ...api,
      method: 'DELETE',
      path: '/api/downloads/:id',
      summary: 'Cancel a download: what it brought is removed',
      // It makes room: so it works where the disk is full, too.
      writesStore: false,
      params: byId,
      answer: downloadAnswer,
      handle: async ({ params }) => ({ json: shapeDownload(await hubs().cancel(params.id)) }),
    }),
  ]
}

function shapeGroup(group: FileGroup) {
  return {
    quantisation: group.quantisation,
    name: group.name,
    label: labelOf(group),
    size_bytes: group.sizeBytes,
  }
}

function shapeOffer(offer: DownloadOffer): JsonObject {
  const { chosen, source } = offer
  return {
    source: formatSource(source),
    publisher: source.publisher,
    page_url: offer.pageUrl,
    revision: offer.revision,
    licence: offer.licence,
    is_gated: offer.isGated,
    model: offer.modelName,
    same_as: offer.sameAs,
    chosen: {
      ...shapeGroup(chosen),
      files: chosen.files.map(({ path, sizeBytes, sha256 }) => ({
        path,
        size_bytes: sizeBytes,
        sha256,
      })),
    },
    size_bytes: chosen.sizeBytes,
    missing_bytes: offer.missingBytes,
    free_bytes: offer.freeBytes,
    promised_bytes: offer.promisedBytes,
    has_room: offer.hasRoom,
    available: offer.groups.map(shapeGroup),
  }
}

function shapeDownload(view: DownloadView): JsonObject {
  const { bytesPerSecond } = view
  const leftBytes = view.sizeBytes - view.doneBytes
  const isMoving = bytesPerSecond !== null && bytesPerSecond >= 1
  return {
    id: view.id,
    source: view.source,
    state: view.state,
    model: view.modelName,
    publisher: view.publisher,
    licence: view.licence,
    page_url: view.pageUrl,
    file_count: view.files.length,
    size_bytes: view.sizeBytes,
    done_bytes: view.doneBytes,
    bytes_per_second: bytesPerSecond === null ? null : Math.round(bytesPerSecond),
    remaining_seconds: isMoving ? Math.ceil(leftBytes / bytesPerSecond) : null,
    waits_for: view.waitsFor,
    error: view.error,
    listing_id: view.listingId,
    started_at: new Date(view.startedAtMs).toISOString(),
    ended_at: view.endedAtMs === null ? null : new Date(view.endedAtMs).toISOString(),
  }
}
